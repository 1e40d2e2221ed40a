//! `keyward-bindgen INPUT.wasm DIRECTORY`: writes an ES module, its types and the wasm file they load.

use std::error::Error;

use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(input), Some(directory), None) =
        (arguments.next(), arguments.next(), arguments.next())
    else {
        return Err("usage: keyward-bindgen INPUT.wasm DIRECTORY".into());
    };
    Bindgen::new()
        .input_path(input)
        .out_name("keyward_client")
        .web(true)?
        .omit_default_module_path(false)
        .typescript(true)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(directory)?;
    Ok(())
}
