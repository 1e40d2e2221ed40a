import { postOauthResult } from "/client/index.js";

if (!postOauthResult()) {
  document.querySelector("h1").textContent = "Nothing to do here";
  document.getElementById("text").textContent = "This page is for the popup of a log-in. Go to the playground instead.";
}
