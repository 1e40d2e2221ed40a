// What an iOS or macOS application lends the client: the Keychain, passkeys, URLSession.
//
// Copy it. It belongs beside `bindings/swift/keyward_client_ffi.swift`; see the README of keyward-client-ffi.

import AuthenticationServices
import Foundation
import Security

// MARK: - Storage

/// Keeps every value as a generic password of its own in the Keychain.
///
/// Values are readable while the device is unlocked and never leave it: neither iCloud nor a backup that is
/// restored on another device has them. Keychain items outlive the application's removal; to begin anew after
/// a reinstallation, call `removeAll()` at the first launch.
public final class KeychainStorage: SecureStorage, @unchecked Sendable {
    private let service: String
    private let accessGroup: String?

    /// - Parameters:
    ///   - service: sets these items apart from the application's others.
    ///   - accessGroup: shares them with extensions. A client keeps other clients of its own process from
    ///     refreshing at the same time, but not those of other processes: let one of them refresh.
    public init(
        service: String = (Bundle.main.bundleIdentifier ?? "app") + ".keyward",
        accessGroup: String? = nil
    ) {
        self.service = service
        self.accessGroup = accessGroup
    }

    public func get(name: String) throws -> Data? {
        var query = query(name)
        query[kSecReturnData] = true
        query[kSecMatchLimit] = kSecMatchLimitOne
        var found: CFTypeRef?
        let status = SecItemCopyMatching(query as CFDictionary, &found)
        switch status {
        case errSecSuccess:
            guard let value = found as? Data else {
                throw StorageError.Failed(reason: "the Keychain returned no data")
            }
            return value
        case errSecItemNotFound:
            return nil
        default:
            throw error(status)
        }
    }

    public func set(name: String, value: Data) throws {
        // Updated in place when it is there, so that it is never missing in between.
        let changes: [CFString: Any] = [
            kSecValueData: value,
            kSecAttrAccessible: kSecAttrAccessibleWhenUnlockedThisDeviceOnly,
        ]
        var status = update(name, changes)
        if status == errSecItemNotFound {
            let item = query(name).merging(changes) { _, new in new }
            status = SecItemAdd(item as CFDictionary, nil)
            if status == errSecDuplicateItem {
                // Somebody else added it meanwhile.
                status = update(name, changes)
            }
        }
        guard status == errSecSuccess else { throw error(status) }
    }

    public func delete(name: String) throws {
        let status = SecItemDelete(query(name) as CFDictionary)
        guard status == errSecSuccess || status == errSecItemNotFound else { throw error(status) }
    }

    public func names(prefix: String) throws -> [String] {
        var query = query(nil)
        query[kSecReturnAttributes] = true
        query[kSecMatchLimit] = kSecMatchLimitAll
        var found: CFTypeRef?
        let status = SecItemCopyMatching(query as CFDictionary, &found)
        switch status {
        case errSecSuccess:
            let items = found as? [[CFString: Any]] ?? []
            return items.compactMap { $0[kSecAttrAccount] as? String }
                .filter { $0.hasPrefix(prefix) }
        case errSecItemNotFound:
            return []
        default:
            throw error(status)
        }
    }

    /// Forgets everything.
    public func removeAll() throws {
        for name in try names(prefix: "") {
            try delete(name: name)
        }
    }

    private func update(_ name: String, _ changes: [CFString: Any]) -> OSStatus {
        SecItemUpdate(query(name) as CFDictionary, changes as CFDictionary)
    }

    /// The item of that name; all items without one.
    private func query(_ name: String?) -> [CFString: Any] {
        var query: [CFString: Any] = [
            kSecClass: kSecClassGenericPassword,
            kSecAttrService: service,
            kSecAttrSynchronizable: false,
            // On macOS too: the older keychain knows no accessibility.
            kSecUseDataProtectionKeychain: true,
        ]
        query[kSecAttrAccount] = name
        query[kSecAttrAccessGroup] = accessGroup
        return query
    }

    private func error(_ status: OSStatus) -> StorageError {
        let reason =
            (SecCopyErrorMessageString(status, nil) as String?) ?? "Keychain status \(status)"
        switch status {
        case errSecInteractionNotAllowed, errSecAuthFailed, errSecUserCanceled, errSecNotAvailable,
            errSecMissingEntitlement:
            // Most often: the device is locked. The same call works once it is unlocked.
            return .Denied(reason: reason)
        case errSecDiskFull:
            return .Full
        default:
            return .Failed(reason: reason)
        }
    }
}

// MARK: - Passkeys

/// Makes and uses the system's passkeys. The application needs the entitlement `webcredentials:<relyingParty>`,
/// and `https://<relyingParty>/.well-known/apple-app-site-association` has to name the application.
@available(iOS 16.0, macOS 13.0, *)
public final class SystemPasskeys: Passkeys, @unchecked Sendable {
    private let provider: ASAuthorizationPlatformPublicKeyCredentialProvider
    private let anchor: @MainActor @Sendable () -> ASPresentationAnchor

    /// - Parameters:
    ///   - relyingParty: the RP ID, such as `example.com`.
    ///   - anchor: the window that the system's sheet is shown over.
    public init(
        relyingParty: String,
        anchor: @escaping @MainActor @Sendable () -> ASPresentationAnchor
    ) {
        provider = .init(relyingPartyIdentifier: relyingParty)
        self.anchor = anchor
    }

    public func create(request: PasskeyRequest) async throws -> PasskeyAttestation {
        let registration = provider.createCredentialRegistrationRequest(
            challenge: request.challenge, name: request.userName, userID: request.userId)
        registration.userVerificationPreference = .preferred
        let credential = try await perform(registration)
        guard let made = credential as? ASAuthorizationPlatformPublicKeyCredentialRegistration,
            let attestationObject = made.rawAttestationObject
        else {
            throw PasskeyError.Failed(reason: "no attestation")
        }
        return PasskeyAttestation(
            credentialId: made.credentialID.base64url,
            clientDataJson: made.rawClientDataJSON.base64url,
            attestationObject: attestationObject.base64url,
            transports: ["AUTHENTICATOR_TRANSPORT_INTERNAL", "AUTHENTICATOR_TRANSPORT_HYBRID"])
    }

    public func get(challenge: Data) async throws -> PasskeyAssertion {
        let request = provider.createCredentialAssertionRequest(challenge: challenge)
        request.userVerificationPreference = .preferred
        let credential = try await perform(request)
        guard let signed = credential as? ASAuthorizationPlatformPublicKeyCredentialAssertion,
            let authenticatorData = signed.rawAuthenticatorData, let signature = signed.signature
        else {
            throw PasskeyError.Failed(reason: "no assertion")
        }
        return PasskeyAssertion(
            credentialId: signed.credentialID.base64url,
            authenticatorData: authenticatorData.base64url,
            clientDataJson: signed.rawClientDataJSON.base64url,
            signature: signature.base64url)
    }

    @MainActor
    private func perform(_ request: ASAuthorizationRequest) async throws -> ASAuthorizationCredential
    {
        do {
            return try await Ceremony(anchor: anchor()).perform(request)
        } catch let error as ASAuthorizationError {
            switch error.code {
            case .canceled: throw PasskeyError.Cancelled
            case .notHandled, .notInteractive:
                throw PasskeyError.Unavailable(reason: error.localizedDescription)
            default: throw PasskeyError.Failed(reason: error.localizedDescription)
            }
        } catch {
            throw PasskeyError.Failed(reason: error.localizedDescription)
        }
    }
}

/// One request and its answer. The controller holds its delegate weakly, so the ceremony holds itself.
@available(iOS 16.0, macOS 13.0, *)
@MainActor
private final class Ceremony: NSObject, ASAuthorizationControllerDelegate,
    ASAuthorizationControllerPresentationContextProviding
{
    private let anchor: ASPresentationAnchor
    private var controller: ASAuthorizationController?
    private var answer: CheckedContinuation<ASAuthorizationCredential, any Error>?
    private var itself: Ceremony?

    init(anchor: ASPresentationAnchor) {
        self.anchor = anchor
    }

    func perform(_ request: ASAuthorizationRequest) async throws -> ASAuthorizationCredential {
        let controller = ASAuthorizationController(authorizationRequests: [request])
        controller.delegate = self
        controller.presentationContextProvider = self
        self.controller = controller
        itself = self
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                answer = continuation
                controller.performRequests()
            }
        } onCancel: {
            Task { @MainActor in self.controller?.cancel() }
        }
    }

    private func finish(_ result: Result<ASAuthorizationCredential, any Error>) {
        answer?.resume(with: result)
        answer = nil
        controller = nil
        itself = nil
    }

    func authorizationController(
        controller: ASAuthorizationController,
        didCompleteWithAuthorization authorization: ASAuthorization
    ) {
        finish(.success(authorization.credential))
    }

    func authorizationController(
        controller: ASAuthorizationController, didCompleteWithError error: any Error
    ) {
        finish(.failure(error))
    }

    func presentationAnchor(for controller: ASAuthorizationController) -> ASPresentationAnchor {
        anchor
    }
}

extension Data {
    /// Base64url without padding (RFC 4648 §5).
    fileprivate var base64url: String {
        base64EncodedString()
            .replacingOccurrences(of: "+", with: "-")
            .replacingOccurrences(of: "/", with: "_")
            .replacingOccurrences(of: "=", with: "")
    }
}

// MARK: - Transport

/// Sends with `URLSession`, which knows the system's certificates, proxies and VPNs. iOS needs it.
public final class URLSessionTransport: NSObject, Transport, URLSessionTaskDelegate,
    @unchecked Sendable
{
    private let session: URLSession

    /// - Parameter timeout: in seconds; the server takes at most 30.
    public init(timeout: TimeInterval = 60) {
        // Keeps no cookies, caches and credentials on disk.
        let configuration = URLSessionConfiguration.ephemeral
        configuration.timeoutIntervalForRequest = timeout
        configuration.timeoutIntervalForResource = timeout
        configuration.requestCachePolicy = .reloadIgnoringLocalCacheData
        session = URLSession(configuration: configuration)
    }

    public func send(request: HttpRequest) async throws -> HttpResponse {
        guard let url = URL(string: request.url) else {
            throw TransportError.Unreachable(reason: "not a URL: \(request.url)")
        }
        var sent = URLRequest(url: url)
        sent.httpMethod = request.method
        sent.httpBody = request.body.isEmpty ? nil : request.body
        for header in request.headers {
            sent.setValue(header.value, forHTTPHeaderField: header.name)
        }
        do {
            let (body, answer) = try await session.data(for: sent, delegate: self)
            guard let answer = answer as? HTTPURLResponse else {
                throw TransportError.Unreachable(reason: "no HTTP")
            }
            let headers = answer.allHeaderFields.compactMap { name, value -> Header? in
                guard let name = name as? String, let value = value as? String else { return nil }
                return Header(name: name, value: value)
            }
            return HttpResponse(
                status: UInt16(clamping: answer.statusCode), headers: headers, body: body)
        } catch let error as URLError where error.code == .timedOut {
            throw TransportError.TimedOut
        } catch let error as TransportError {
            throw error
        } catch {
            throw TransportError.Unreachable(reason: error.localizedDescription)
        }
    }

    /// Follows no redirects: a stamp is meant for one server.
    public func urlSession(
        _ session: URLSession, task: URLSessionTask,
        willPerformHTTPRedirection response: HTTPURLResponse, newRequest request: URLRequest
    ) async -> URLRequest? {
        nil
    }
}
