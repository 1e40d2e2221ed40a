// What an Android application lends the client: storage under the Android Keystore, passkeys, HTTP.
//
// Copy it. It belongs beside `bindings/kotlin/dev/keyward/client/keyward_client_ffi.kt`; see the README of
// keyward-client-ffi. Needs API 28 and androidx.credentials:credentials (with
// credentials-play-services-auth for devices below API 34).

package com.example.app

import android.app.Activity
import android.content.Context
import android.content.pm.PackageManager
import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyPermanentlyInvalidatedException
import android.security.keystore.KeyProperties
import android.security.keystore.StrongBoxUnavailableException
import android.security.keystore.UserNotAuthenticatedException
import android.system.ErrnoException
import android.system.OsConstants
import android.util.AtomicFile
import android.util.Base64
import androidx.credentials.CreatePublicKeyCredentialRequest
import androidx.credentials.CreatePublicKeyCredentialResponse
import androidx.credentials.CredentialManager
import androidx.credentials.GetCredentialRequest
import androidx.credentials.GetPublicKeyCredentialOption
import androidx.credentials.PublicKeyCredential
import androidx.credentials.exceptions.CreateCredentialCancellationException
import androidx.credentials.exceptions.CreateCredentialException
import androidx.credentials.exceptions.CreateCredentialNoCreateOptionException
import androidx.credentials.exceptions.CreateCredentialProviderConfigurationException
import androidx.credentials.exceptions.CreateCredentialUnsupportedException
import androidx.credentials.exceptions.GetCredentialCancellationException
import androidx.credentials.exceptions.GetCredentialException
import androidx.credentials.exceptions.GetCredentialProviderConfigurationException
import androidx.credentials.exceptions.GetCredentialUnsupportedException
import androidx.credentials.exceptions.NoCredentialException
import dev.keyward.client.Header
import dev.keyward.client.HttpRequest
import dev.keyward.client.HttpResponse
import dev.keyward.client.PasskeyAssertion
import dev.keyward.client.PasskeyAttestation
import dev.keyward.client.PasskeyException
import dev.keyward.client.PasskeyRequest
import dev.keyward.client.Passkeys
import dev.keyward.client.SecureStorage
import dev.keyward.client.StorageException
import dev.keyward.client.Transport
import dev.keyward.client.TransportException
import java.io.File
import java.io.FileNotFoundException
import java.io.IOException
import java.net.HttpURLConnection
import java.net.SocketTimeoutException
import java.net.URL
import java.security.KeyStore
import java.security.MessageDigest
import javax.crypto.AEADBadTagException
import javax.crypto.Cipher
import javax.crypto.KeyGenerator
import javax.crypto.SecretKey
import javax.crypto.spec.GCMParameterSpec
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.withContext
import org.json.JSONArray
import org.json.JSONObject

/**
 * Keeps every value in a file of its own, encrypted (AES-256-GCM) under a key that never leaves the Android
 * Keystore: StrongBox where there is one, the trusted environment elsewhere. A value is bound to its name.
 *
 * The files are in `noBackupFilesDir`: they are worth nothing on another device. When the key is gone — the
 * lock screen was removed, a backup was restored — its values count as missing, and the user logs in again.
 *
 * Make one for the whole application: the client calls it from several threads, one after another here.
 */
class KeystoreStorage(
    context: Context,
    private val alias: String = "keyward",
) : SecureStorage {
    private val directory = File(context.noBackupFilesDir, alias)
    private val hasStrongBox =
        context.packageManager.hasSystemFeature(PackageManager.FEATURE_STRONGBOX_KEYSTORE)

    @Synchronized
    override fun get(name: String): ByteArray? = guarded {
        val sealed = try {
            AtomicFile(file(name)).readFully()
        } catch (_: FileNotFoundException) {
            return null
        }
        try {
            open(name, sealed)
        } catch (_: KeyPermanentlyInvalidatedException) {
            forgetKey()
            null
        } catch (_: AEADBadTagException) {
            // Sealed with a key that is no longer there.
            null
        }
    }

    @Synchronized
    override fun set(name: String, value: ByteArray) = guarded {
        val sealed = try {
            seal(name, value)
        } catch (_: KeyPermanentlyInvalidatedException) {
            forgetKey()
            seal(name, value)
        } finally {
            value.fill(0)
        }
        if (!directory.isDirectory && !directory.mkdirs()) {
            throw IOException("cannot make $directory")
        }
        // Replaced at once, or not at all.
        val file = AtomicFile(file(name))
        val stream = file.startWrite()
        try {
            stream.write(sealed)
            file.finishWrite(stream)
        } catch (error: IOException) {
            file.failWrite(stream)
            throw error
        }
    }

    @Synchronized
    override fun delete(name: String) = guarded { AtomicFile(file(name)).delete() }

    @Synchronized
    override fun names(prefix: String): List<String> = guarded {
        val files = directory.list() ?: emptyArray()
        // AtomicFile keeps others beside a file that is being written.
        files.map { it.removeSuffix(".bak") }
            .filter(FILE_NAME::matches)
            .distinct()
            .mapNotNull { nameIn(AtomicFile(File(directory, it)).readFully()) }
            .filter { it.startsWith(prefix) }
    }

    /** A file is the length of the name, the name, the nonce, and the sealed value. */
    private fun seal(name: String, value: ByteArray): ByteArray {
        val header = name.encodeToByteArray()
        if (header.size > UShort.MAX_VALUE.toInt()) throw StorageException.Failed("name too long")
        val length = byteArrayOf((header.size shr 8).toByte(), header.size.toByte())
        val cipher = Cipher.getInstance(TRANSFORMATION)
        cipher.init(Cipher.ENCRYPT_MODE, key() ?: makeKey())
        cipher.updateAAD(header)
        return length + header + cipher.iv + cipher.doFinal(value)
    }

    private fun open(name: String, file: ByteArray): ByteArray? {
        val key = key() ?: return null
        val nonce = 2 + name.encodeToByteArray().size
        if (nameIn(file) != name || file.size < nonce + NONCE_BYTES) return null
        val sealed = nonce + NONCE_BYTES
        val cipher = Cipher.getInstance(TRANSFORMATION)
        cipher.init(Cipher.DECRYPT_MODE, key, GCMParameterSpec(TAG_BITS, file, nonce, NONCE_BYTES))
        cipher.updateAAD(name.encodeToByteArray())
        return cipher.doFinal(file, sealed, file.size - sealed)
    }

    private fun nameIn(file: ByteArray): String? {
        if (file.size < 2) return null
        val length = ((file[0].toInt() and 0xff) shl 8) or (file[1].toInt() and 0xff)
        return if (file.size < 2 + length) null else file.decodeToString(2, 2 + length)
    }

    private fun keystore(): KeyStore = KeyStore.getInstance(KEYSTORE).apply { load(null) }

    private fun key(): SecretKey? = keystore().getKey(alias, null) as SecretKey?

    private fun makeKey(): SecretKey {
        if (hasStrongBox) {
            try {
                return makeKey(inStrongBox = true)
            } catch (_: StrongBoxUnavailableException) {
                // It says that it is there, and has no room or no AES-256.
            }
        }
        return makeKey(inStrongBox = false)
    }

    private fun makeKey(inStrongBox: Boolean): SecretKey {
        val purposes = KeyProperties.PURPOSE_ENCRYPT or KeyProperties.PURPOSE_DECRYPT
        val spec = KeyGenParameterSpec.Builder(alias, purposes)
            .setBlockModes(KeyProperties.BLOCK_MODE_GCM)
            .setEncryptionPaddings(KeyProperties.ENCRYPTION_PADDING_NONE)
            .setKeySize(256)
            .setIsStrongBoxBacked(inStrongBox)
            // To have the device unlocked for every use, add `.setUnlockedDeviceRequired(true)`: the
            // client is then told `Denied` while it is locked.
            .build()
        return KeyGenerator.getInstance(KeyProperties.KEY_ALGORITHM_AES, KEYSTORE)
            .apply { init(spec) }
            .generateKey()
    }

    private fun forgetKey() = keystore().deleteEntry(alias)

    /** Names may be longer than file names can be. */
    private fun file(name: String): File {
        val hash = MessageDigest.getInstance("SHA-256").digest(name.encodeToByteArray())
        return File(directory, hash.joinToString("") { "%02x".format(it) })
    }

    /** Says what went wrong in the client's words. */
    private inline fun <T> guarded(work: () -> T): T = try {
        work()
    } catch (error: StorageException) {
        throw error
    } catch (error: UserNotAuthenticatedException) {
        throw StorageException.Denied(error.toString())
    } catch (error: SecurityException) {
        throw StorageException.Denied(error.toString())
    } catch (error: IOException) {
        val errno = (error.cause as? ErrnoException)?.errno
        if (errno == OsConstants.ENOSPC || errno == OsConstants.EDQUOT) throw StorageException.Full()
        throw StorageException.Failed(error.toString())
    } catch (error: Exception) {
        throw StorageException.Failed(error.toString())
    }

    private companion object {
        const val KEYSTORE = "AndroidKeyStore"
        const val TRANSFORMATION = "AES/GCM/NoPadding"
        const val NONCE_BYTES = 12
        const val TAG_BITS = 128
        val FILE_NAME = Regex("[0-9a-f]{64}")
    }
}

/**
 * Makes and uses passkeys through the Credential Manager.
 * `https://<relyingParty>/.well-known/assetlinks.json` has to name the application.
 *
 * @param relyingParty the RP ID, such as `example.com`
 * @param relyingPartyName what the user is shown
 * @param activity the one in front, which the system's sheet is shown over
 */
class CredentialManagerPasskeys(
    private val relyingParty: String,
    private val relyingPartyName: String,
    private val activity: () -> Activity,
) : Passkeys {
    override suspend fun create(request: PasskeyRequest): PasskeyAttestation {
        val options = JSONObject()
            .put("challenge", base64url(request.challenge))
            .put("rp", JSONObject().put("id", relyingParty).put("name", relyingPartyName))
            .put(
                "user",
                JSONObject()
                    .put("id", base64url(request.userId))
                    .put("name", request.userName)
                    .put("displayName", request.userName),
            )
            .put("pubKeyCredParams", JSONArray(ALGORITHMS.map {
                JSONObject().put("type", "public-key").put("alg", it)
            }))
            .put("attestation", "none")
            .put(
                "authenticatorSelection",
                JSONObject()
                    .put("residentKey", "required")
                    .put("requireResidentKey", true)
                    .put("userVerification", "preferred"),
            )
        val response = try {
            withContext(Dispatchers.Main) {
                val activity = activity()
                CredentialManager.create(activity)
                    .createCredential(activity, CreatePublicKeyCredentialRequest(options.toString()))
            }
        } catch (_: CreateCredentialCancellationException) {
            throw PasskeyException.Cancelled()
        } catch (error: CreateCredentialException) {
            throw when (error) {
                is CreateCredentialUnsupportedException,
                is CreateCredentialNoCreateOptionException,
                is CreateCredentialProviderConfigurationException,
                -> PasskeyException.Unavailable(error.toString())
                else -> PasskeyException.Failed(error.toString())
            }
        }
        val made = response as? CreatePublicKeyCredentialResponse
            ?: throw PasskeyException.Failed("not a public key credential")
        return parsed(made.registrationResponseJson) { credential ->
            val answer = credential.getJSONObject("response")
            val transports = answer.optJSONArray("transports") ?: JSONArray()
            PasskeyAttestation(
                credentialId = credential.getString("id"),
                clientDataJson = answer.getString("clientDataJSON"),
                attestationObject = answer.getString("attestationObject"),
                transports = (0 until transports.length()).mapNotNull { TRANSPORTS[transports.getString(it)] },
            )
        }
    }

    override suspend fun get(challenge: ByteArray): PasskeyAssertion {
        val options = JSONObject()
            .put("challenge", base64url(challenge))
            .put("rpId", relyingParty)
            .put("userVerification", "preferred")
        val option = GetPublicKeyCredentialOption(options.toString())
        val response = try {
            withContext(Dispatchers.Main) {
                val activity = activity()
                CredentialManager.create(activity)
                    .getCredential(activity, GetCredentialRequest(listOf(option)))
            }
        } catch (_: GetCredentialCancellationException) {
            throw PasskeyException.Cancelled()
        } catch (error: GetCredentialException) {
            throw when (error) {
                is NoCredentialException,
                is GetCredentialUnsupportedException,
                is GetCredentialProviderConfigurationException,
                -> PasskeyException.Unavailable(error.toString())
                else -> PasskeyException.Failed(error.toString())
            }
        }
        val signed = response.credential as? PublicKeyCredential
            ?: throw PasskeyException.Failed("not a public key credential")
        return parsed(signed.authenticationResponseJson) { credential ->
            val answer = credential.getJSONObject("response")
            PasskeyAssertion(
                credentialId = credential.getString("id"),
                authenticatorData = answer.getString("authenticatorData"),
                clientDataJson = answer.getString("clientDataJSON"),
                signature = answer.getString("signature"),
            )
        }
    }

    private inline fun <T> parsed(json: String, read: (JSONObject) -> T): T = try {
        read(JSONObject(json))
    } catch (error: org.json.JSONException) {
        throw PasskeyException.Failed(error.toString())
    }

    private fun base64url(bytes: ByteArray) =
        Base64.encodeToString(bytes, Base64.URL_SAFE or Base64.NO_PADDING or Base64.NO_WRAP)

    private companion object {
        /** ES256 and RS256, which the server knows (RFC 9053 §2.1, RFC 8812 §2). */
        val ALGORITHMS = listOf(-7, -257)

        val TRANSPORTS = mapOf(
            "ble" to "AUTHENTICATOR_TRANSPORT_BLE",
            "hybrid" to "AUTHENTICATOR_TRANSPORT_HYBRID",
            "internal" to "AUTHENTICATOR_TRANSPORT_INTERNAL",
            "nfc" to "AUTHENTICATOR_TRANSPORT_NFC",
            "usb" to "AUTHENTICATOR_TRANSPORT_USB",
        )
    }
}

/**
 * Sends with the platform's HTTP client, which knows the system's certificates, the network security
 * configuration, proxies and VPNs. Android needs it.
 *
 * @param timeoutMs the server takes at most 30 seconds
 */
class UrlConnectionTransport(private val timeoutMs: Int = 60_000) : Transport {
    override suspend fun send(request: HttpRequest): HttpResponse = withContext(Dispatchers.IO) {
        try {
            exchange(request)
        } catch (_: SocketTimeoutException) {
            throw TransportException.TimedOut()
        } catch (error: IOException) {
            throw TransportException.Unreachable(error.toString())
        }
    }

    private fun exchange(request: HttpRequest): HttpResponse {
        val connection = URL(request.url).openConnection() as HttpURLConnection
        try {
            connection.requestMethod = request.method
            connection.connectTimeout = timeoutMs
            connection.readTimeout = timeoutMs
            connection.useCaches = false
            // A stamp is meant for one server.
            connection.instanceFollowRedirects = false
            request.headers.forEach { connection.setRequestProperty(it.name, it.value) }
            if (request.body.isNotEmpty()) {
                connection.doOutput = true
                connection.setFixedLengthStreamingMode(request.body.size)
                connection.outputStream.use { it.write(request.body) }
            }
            val status = connection.responseCode
            val stream = if (status < 400) connection.inputStream else connection.errorStream
            val body = stream?.use { it.readBytes() } ?: ByteArray(0)
            val headers = connection.headerFields.flatMap { (name, values) ->
                // The status line has no name.
                if (name == null) emptyList() else values.map { Header(name, it) }
            }
            return HttpResponse(status.toUShort(), headers, body)
        } finally {
            connection.disconnect()
        }
    }
}
