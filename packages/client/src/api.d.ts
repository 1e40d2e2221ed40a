// Written by `cargo run -p keyward-protocol --example typescript`. Do not change it here.

import type { As } from "./index.js";

/** By the last segment of its path. */
export interface Routes {
  create_api_keys: { parameters: CreateApiKeysIntentV2; result: CreateApiKeysResult };
  create_api_only_users: { parameters: CreateApiOnlyUsersIntent; result: CreateApiOnlyUsersResult };
  create_authenticators: { parameters: CreateAuthenticatorsIntentV2; result: CreateAuthenticatorsResult };
  create_oauth2_credential: { parameters: CreateOauth2CredentialIntent; result: CreateOauth2CredentialResult };
  create_oauth_providers: { parameters: CreateOauthProvidersIntentV2; result: CreateOauthProvidersResult };
  create_private_key_tag: { parameters: CreatePrivateKeyTagIntent; result: CreatePrivateKeyTagResult };
  create_private_keys: { parameters: CreatePrivateKeysIntentV2; result: CreatePrivateKeysResult };
  create_read_only_session: { parameters: CreateReadOnlySessionIntent; result: CreateReadOnlySessionResult };
  create_read_write_session: { parameters: CreateReadWriteSessionIntentV2; result: CreateReadWriteSessionResult };
  create_sub_organization: { parameters: CreateSubOrganizationIntentV8; result: CreateSubOrganizationResult };
  create_user_tag: { parameters: CreateUserTagIntent; result: CreateUserTagResult };
  create_users: { parameters: CreateUsersIntentV4; result: CreateUsersResult };
  create_wallet: { parameters: CreateWalletIntent; result: WalletResult };
  create_wallet_accounts: { parameters: CreateWalletAccountsIntent; result: CreateWalletAccountsResult };
  delete_api_keys: { parameters: DeleteApiKeysIntent; result: DeleteApiKeysResult };
  delete_authenticators: { parameters: DeleteAuthenticatorsIntent; result: DeleteAuthenticatorsResult };
  delete_oauth2_credential: { parameters: DeleteOauth2CredentialIntent; result: DeleteOauth2CredentialResult };
  delete_oauth_providers: { parameters: DeleteOauthProvidersIntent; result: DeleteOauthProvidersResult };
  delete_private_key_tags: { parameters: DeletePrivateKeyTagsIntent; result: DeletePrivateKeyTagsResult };
  delete_private_keys: { parameters: DeletePrivateKeysIntent; result: DeletePrivateKeysResult };
  delete_sub_organization: { parameters: DeleteSubOrganizationIntent; result: DeleteSubOrganizationResult };
  delete_user_tags: { parameters: DeleteUserTagsIntent; result: DeleteUserTagsResult };
  delete_users: { parameters: DeleteUsersIntent; result: DeleteUsersResult };
  delete_wallet_accounts: { parameters: DeleteWalletAccountsIntent; result: DeleteWalletAccountsResult };
  delete_wallets: { parameters: DeleteWalletsIntent; result: DeleteWalletsResult };
  disable_auth_proxy: { parameters: DisableAuthProxyIntent; result: DisableAuthProxyResult };
  email_auth: { parameters: EmailAuthIntentV3; result: EmailAuthResult };
  enable_auth_proxy: { parameters: EnableAuthProxyIntent; result: EnableAuthProxyResult };
  get_activity: { parameters: OfCaller<GetActivity>; result: ActivityResponse };
  get_api_key: { parameters: OfCaller<GetApiKey>; result: GetApiKeyResponse };
  get_api_keys: { parameters: OfCaller<GetApiKeys>; result: GetApiKeysResponse };
  get_auth_proxy_config: { parameters: OfCaller<GetAuthProxyConfig>; result: GetAuthProxyConfigResponse };
  get_authenticator: { parameters: OfCaller<GetAuthenticator>; result: GetAuthenticatorResponse };
  get_authenticators: { parameters: OfCaller<GetAuthenticators>; result: GetAuthenticatorsResponse };
  get_oauth2_credential: { parameters: OfCaller<GetOauth2Credential>; result: GetOauth2CredentialResponse };
  get_oauth_providers: { parameters: OfCaller<GetOauthProviders>; result: GetOauthProvidersResponse };
  get_organization: { parameters: OfCaller<GetOrganization>; result: GetOrganizationResponse };
  get_organization_configs: { parameters: OfCaller<GetOrganizationConfigs>; result: GetOrganizationConfigsResponse };
  get_private_key: { parameters: OfCaller<GetPrivateKey>; result: GetPrivateKeyResponse };
  get_user: { parameters: OfCaller<GetUser>; result: GetUserResponse };
  get_wallet: { parameters: OfCaller<GetWallet>; result: GetWalletResponse };
  get_wallet_account: { parameters: OfCaller<GetWalletAccount>; result: GetWalletAccountResponse };
  init_otp: { parameters: InitOtpIntentV3; result: InitOtpResult };
  init_otp_auth: { parameters: InitOtpAuthIntentV3; result: InitOtpAuthResult };
  init_user_email_recovery: { parameters: InitUserEmailRecoveryIntentV2; result: InitUserEmailRecoveryResult };
  list_activities: { parameters: OfCaller<ListActivities>; result: ListActivitiesResponse };
  list_app_proofs: { parameters: OfCaller<ListAppProofs>; result: ListAppProofsResponse };
  list_oauth2_credentials: { parameters: OfCaller<ListOauth2Credentials>; result: ListOauth2CredentialsResponse };
  list_private_key_tags: { parameters: OfCaller<ListPrivateKeyTags>; result: ListPrivateKeyTagsResponse };
  list_private_keys: { parameters: OfCaller<ListPrivateKeys>; result: ListPrivateKeysResponse };
  list_session_events: { parameters: OfCaller<ListSessionEvents>; result: ListSessionEventsResponse };
  list_sessions: { parameters: OfCaller<ListSessions>; result: ListSessionsResponse };
  list_suborgs: { parameters: OfCaller<ListSuborgs>; result: ListSuborgsResponse };
  list_user_tags: { parameters: OfCaller<ListUserTags>; result: ListUserTagsResponse };
  list_users: { parameters: OfCaller<ListUsers>; result: ListUsersResponse };
  list_verified_suborgs: { parameters: OfCaller<ListVerifiedSuborgs>; result: ListVerifiedSuborgsResponse };
  list_wallet_accounts: { parameters: OfCaller<ListWalletAccounts>; result: ListWalletAccountsResponse };
  list_wallets: { parameters: OfCaller<ListWallets>; result: ListWalletsResponse };
  oauth: { parameters: OauthIntent; result: OauthResult };
  oauth2_authenticate: { parameters: Oauth2AuthenticateIntent; result: Oauth2AuthenticateResult };
  oauth_login: { parameters: OauthLoginIntent; result: OauthLoginResult };
  otp_auth: { parameters: OtpAuthIntent; result: OtpAuthResult };
  otp_login: { parameters: OtpLoginIntent; result: OtpLoginResult };
  recover_user: { parameters: RecoverUserIntent; result: RecoverUserResult };
  remove_organization_feature: { parameters: RemoveOrganizationFeatureIntent; result: RemoveOrganizationFeatureResult };
  revoke_session: { parameters: RevokeSessionIntent; result: RevokeSessionResult };
  revoke_sessions: { parameters: RevokeSessionsIntent; result: RevokeSessionsResult };
  session_token: { parameters: OfCaller<SessionToken>; result: SessionTokenResponse };
  set_organization_feature: { parameters: SetOrganizationFeatureIntent; result: SetOrganizationFeatureResult };
  set_session_limits: { parameters: SetSessionLimitsIntent; result: SetSessionLimitsResult };
  sign_raw_payload: { parameters: SignRawPayloadIntentV2; result: SignRawPayloadResult };
  sign_raw_payloads: { parameters: SignRawPayloadsIntent; result: SignRawPayloadsResult };
  sign_transaction: { parameters: SignTransactionIntentV2; result: SignTransactionResult };
  stamp_login: { parameters: StampLoginIntent; result: StampLoginResult };
  update_auth_proxy_config: { parameters: UpdateAuthProxyConfigIntent; result: UpdateAuthProxyConfigResult };
  update_oauth2_credential: { parameters: UpdateOauth2CredentialIntent; result: UpdateOauth2CredentialResult };
  update_organization_name: { parameters: UpdateOrganizationNameIntent; result: UpdateOrganizationNameResult };
  update_private_key_tag: { parameters: UpdatePrivateKeyTagIntent; result: UpdatePrivateKeyTagResult };
  update_root_quorum: { parameters: UpdateRootQuorumIntent; result: UpdateRootQuorumResult };
  update_session: { parameters: UpdateSessionIntent; result: UpdateSessionResult };
  update_user: { parameters: UpdateUserIntent; result: UpdateUserResult };
  update_user_email: { parameters: UpdateUserEmailIntent; result: UpdateUserEmailResult };
  update_user_name: { parameters: UpdateUserNameIntent; result: UpdateUserNameResult };
  update_user_phone_number: { parameters: UpdateUserPhoneNumberIntent; result: UpdateUserPhoneNumberResult };
  update_user_tag: { parameters: UpdateUserTagIntent; result: UpdateUserTagResult };
  update_wallet: { parameters: UpdateWalletIntent; result: UpdateWalletResult };
  verify_otp: { parameters: VerifyOtpIntent; result: VerifyOtpResult };
  whoami: { parameters: OfCaller<Whoami>; result: WhoamiResponse };
}

/** As methods, in camel case. */
export interface Api {
  createApiKeys(parameters: Routes["create_api_keys"]["parameters"], as?: As): Promise<Routes["create_api_keys"]["result"]>;
  createApiOnlyUsers(parameters: Routes["create_api_only_users"]["parameters"], as?: As): Promise<Routes["create_api_only_users"]["result"]>;
  createAuthenticators(parameters: Routes["create_authenticators"]["parameters"], as?: As): Promise<Routes["create_authenticators"]["result"]>;
  createOauth2Credential(parameters: Routes["create_oauth2_credential"]["parameters"], as?: As): Promise<Routes["create_oauth2_credential"]["result"]>;
  createOauthProviders(parameters: Routes["create_oauth_providers"]["parameters"], as?: As): Promise<Routes["create_oauth_providers"]["result"]>;
  createPrivateKeyTag(parameters: Routes["create_private_key_tag"]["parameters"], as?: As): Promise<Routes["create_private_key_tag"]["result"]>;
  createPrivateKeys(parameters: Routes["create_private_keys"]["parameters"], as?: As): Promise<Routes["create_private_keys"]["result"]>;
  createReadOnlySession(parameters?: Routes["create_read_only_session"]["parameters"], as?: As): Promise<Routes["create_read_only_session"]["result"]>;
  createReadWriteSession(parameters: Routes["create_read_write_session"]["parameters"], as?: As): Promise<Routes["create_read_write_session"]["result"]>;
  createSubOrganization(parameters: Routes["create_sub_organization"]["parameters"], as?: As): Promise<Routes["create_sub_organization"]["result"]>;
  createUserTag(parameters: Routes["create_user_tag"]["parameters"], as?: As): Promise<Routes["create_user_tag"]["result"]>;
  createUsers(parameters: Routes["create_users"]["parameters"], as?: As): Promise<Routes["create_users"]["result"]>;
  createWallet(parameters: Routes["create_wallet"]["parameters"], as?: As): Promise<Routes["create_wallet"]["result"]>;
  createWalletAccounts(parameters: Routes["create_wallet_accounts"]["parameters"], as?: As): Promise<Routes["create_wallet_accounts"]["result"]>;
  deleteApiKeys(parameters: Routes["delete_api_keys"]["parameters"], as?: As): Promise<Routes["delete_api_keys"]["result"]>;
  deleteAuthenticators(parameters: Routes["delete_authenticators"]["parameters"], as?: As): Promise<Routes["delete_authenticators"]["result"]>;
  deleteOauth2Credential(parameters: Routes["delete_oauth2_credential"]["parameters"], as?: As): Promise<Routes["delete_oauth2_credential"]["result"]>;
  deleteOauthProviders(parameters: Routes["delete_oauth_providers"]["parameters"], as?: As): Promise<Routes["delete_oauth_providers"]["result"]>;
  deletePrivateKeyTags(parameters: Routes["delete_private_key_tags"]["parameters"], as?: As): Promise<Routes["delete_private_key_tags"]["result"]>;
  deletePrivateKeys(parameters: Routes["delete_private_keys"]["parameters"], as?: As): Promise<Routes["delete_private_keys"]["result"]>;
  deleteSubOrganization(parameters?: Routes["delete_sub_organization"]["parameters"], as?: As): Promise<Routes["delete_sub_organization"]["result"]>;
  deleteUserTags(parameters: Routes["delete_user_tags"]["parameters"], as?: As): Promise<Routes["delete_user_tags"]["result"]>;
  deleteUsers(parameters: Routes["delete_users"]["parameters"], as?: As): Promise<Routes["delete_users"]["result"]>;
  deleteWalletAccounts(parameters: Routes["delete_wallet_accounts"]["parameters"], as?: As): Promise<Routes["delete_wallet_accounts"]["result"]>;
  deleteWallets(parameters: Routes["delete_wallets"]["parameters"], as?: As): Promise<Routes["delete_wallets"]["result"]>;
  disableAuthProxy(parameters?: Routes["disable_auth_proxy"]["parameters"], as?: As): Promise<Routes["disable_auth_proxy"]["result"]>;
  emailAuth(parameters: Routes["email_auth"]["parameters"], as?: As): Promise<Routes["email_auth"]["result"]>;
  enableAuthProxy(parameters?: Routes["enable_auth_proxy"]["parameters"], as?: As): Promise<Routes["enable_auth_proxy"]["result"]>;
  getActivity(parameters: Routes["get_activity"]["parameters"], as?: As): Promise<Routes["get_activity"]["result"]>;
  getApiKey(parameters: Routes["get_api_key"]["parameters"], as?: As): Promise<Routes["get_api_key"]["result"]>;
  getApiKeys(parameters?: Routes["get_api_keys"]["parameters"], as?: As): Promise<Routes["get_api_keys"]["result"]>;
  getAuthProxyConfig(parameters?: Routes["get_auth_proxy_config"]["parameters"], as?: As): Promise<Routes["get_auth_proxy_config"]["result"]>;
  getAuthenticator(parameters: Routes["get_authenticator"]["parameters"], as?: As): Promise<Routes["get_authenticator"]["result"]>;
  getAuthenticators(parameters: Routes["get_authenticators"]["parameters"], as?: As): Promise<Routes["get_authenticators"]["result"]>;
  getOauth2Credential(parameters: Routes["get_oauth2_credential"]["parameters"], as?: As): Promise<Routes["get_oauth2_credential"]["result"]>;
  getOauthProviders(parameters?: Routes["get_oauth_providers"]["parameters"], as?: As): Promise<Routes["get_oauth_providers"]["result"]>;
  getOrganization(parameters?: Routes["get_organization"]["parameters"], as?: As): Promise<Routes["get_organization"]["result"]>;
  getOrganizationConfigs(parameters?: Routes["get_organization_configs"]["parameters"], as?: As): Promise<Routes["get_organization_configs"]["result"]>;
  getPrivateKey(parameters: Routes["get_private_key"]["parameters"], as?: As): Promise<Routes["get_private_key"]["result"]>;
  getUser(parameters: Routes["get_user"]["parameters"], as?: As): Promise<Routes["get_user"]["result"]>;
  getWallet(parameters: Routes["get_wallet"]["parameters"], as?: As): Promise<Routes["get_wallet"]["result"]>;
  getWalletAccount(parameters: Routes["get_wallet_account"]["parameters"], as?: As): Promise<Routes["get_wallet_account"]["result"]>;
  initOtp(parameters: Routes["init_otp"]["parameters"], as?: As): Promise<Routes["init_otp"]["result"]>;
  initOtpAuth(parameters: Routes["init_otp_auth"]["parameters"], as?: As): Promise<Routes["init_otp_auth"]["result"]>;
  initUserEmailRecovery(parameters: Routes["init_user_email_recovery"]["parameters"], as?: As): Promise<Routes["init_user_email_recovery"]["result"]>;
  listActivities(parameters?: Routes["list_activities"]["parameters"], as?: As): Promise<Routes["list_activities"]["result"]>;
  listAppProofs(parameters: Routes["list_app_proofs"]["parameters"], as?: As): Promise<Routes["list_app_proofs"]["result"]>;
  listOauth2Credentials(parameters?: Routes["list_oauth2_credentials"]["parameters"], as?: As): Promise<Routes["list_oauth2_credentials"]["result"]>;
  listPrivateKeyTags(parameters?: Routes["list_private_key_tags"]["parameters"], as?: As): Promise<Routes["list_private_key_tags"]["result"]>;
  listPrivateKeys(parameters?: Routes["list_private_keys"]["parameters"], as?: As): Promise<Routes["list_private_keys"]["result"]>;
  listSessionEvents(parameters?: Routes["list_session_events"]["parameters"], as?: As): Promise<Routes["list_session_events"]["result"]>;
  listSessions(parameters?: Routes["list_sessions"]["parameters"], as?: As): Promise<Routes["list_sessions"]["result"]>;
  listSuborgs(parameters?: Routes["list_suborgs"]["parameters"], as?: As): Promise<Routes["list_suborgs"]["result"]>;
  listUserTags(parameters?: Routes["list_user_tags"]["parameters"], as?: As): Promise<Routes["list_user_tags"]["result"]>;
  listUsers(parameters?: Routes["list_users"]["parameters"], as?: As): Promise<Routes["list_users"]["result"]>;
  listVerifiedSuborgs(parameters?: Routes["list_verified_suborgs"]["parameters"], as?: As): Promise<Routes["list_verified_suborgs"]["result"]>;
  listWalletAccounts(parameters?: Routes["list_wallet_accounts"]["parameters"], as?: As): Promise<Routes["list_wallet_accounts"]["result"]>;
  listWallets(parameters?: Routes["list_wallets"]["parameters"], as?: As): Promise<Routes["list_wallets"]["result"]>;
  oauth(parameters: Routes["oauth"]["parameters"], as?: As): Promise<Routes["oauth"]["result"]>;
  oauth2Authenticate(parameters: Routes["oauth2_authenticate"]["parameters"], as?: As): Promise<Routes["oauth2_authenticate"]["result"]>;
  oauthLogin(parameters: Routes["oauth_login"]["parameters"], as?: As): Promise<Routes["oauth_login"]["result"]>;
  otpAuth(parameters: Routes["otp_auth"]["parameters"], as?: As): Promise<Routes["otp_auth"]["result"]>;
  otpLogin(parameters: Routes["otp_login"]["parameters"], as?: As): Promise<Routes["otp_login"]["result"]>;
  recoverUser(parameters: Routes["recover_user"]["parameters"], as?: As): Promise<Routes["recover_user"]["result"]>;
  removeOrganizationFeature(parameters: Routes["remove_organization_feature"]["parameters"], as?: As): Promise<Routes["remove_organization_feature"]["result"]>;
  revokeSession(parameters: Routes["revoke_session"]["parameters"], as?: As): Promise<Routes["revoke_session"]["result"]>;
  revokeSessions(parameters?: Routes["revoke_sessions"]["parameters"], as?: As): Promise<Routes["revoke_sessions"]["result"]>;
  sessionToken(parameters?: Routes["session_token"]["parameters"], as?: As): Promise<Routes["session_token"]["result"]>;
  setOrganizationFeature(parameters: Routes["set_organization_feature"]["parameters"], as?: As): Promise<Routes["set_organization_feature"]["result"]>;
  setSessionLimits(parameters?: Routes["set_session_limits"]["parameters"], as?: As): Promise<Routes["set_session_limits"]["result"]>;
  signRawPayload(parameters: Routes["sign_raw_payload"]["parameters"], as?: As): Promise<Routes["sign_raw_payload"]["result"]>;
  signRawPayloads(parameters: Routes["sign_raw_payloads"]["parameters"], as?: As): Promise<Routes["sign_raw_payloads"]["result"]>;
  signTransaction(parameters: Routes["sign_transaction"]["parameters"], as?: As): Promise<Routes["sign_transaction"]["result"]>;
  stampLogin(parameters: Routes["stamp_login"]["parameters"], as?: As): Promise<Routes["stamp_login"]["result"]>;
  updateAuthProxyConfig(parameters?: Routes["update_auth_proxy_config"]["parameters"], as?: As): Promise<Routes["update_auth_proxy_config"]["result"]>;
  updateOauth2Credential(parameters: Routes["update_oauth2_credential"]["parameters"], as?: As): Promise<Routes["update_oauth2_credential"]["result"]>;
  updateOrganizationName(parameters: Routes["update_organization_name"]["parameters"], as?: As): Promise<Routes["update_organization_name"]["result"]>;
  updatePrivateKeyTag(parameters: Routes["update_private_key_tag"]["parameters"], as?: As): Promise<Routes["update_private_key_tag"]["result"]>;
  updateRootQuorum(parameters: Routes["update_root_quorum"]["parameters"], as?: As): Promise<Routes["update_root_quorum"]["result"]>;
  updateSession(parameters: Routes["update_session"]["parameters"], as?: As): Promise<Routes["update_session"]["result"]>;
  updateUser(parameters: Routes["update_user"]["parameters"], as?: As): Promise<Routes["update_user"]["result"]>;
  updateUserEmail(parameters: Routes["update_user_email"]["parameters"], as?: As): Promise<Routes["update_user_email"]["result"]>;
  updateUserName(parameters: Routes["update_user_name"]["parameters"], as?: As): Promise<Routes["update_user_name"]["result"]>;
  updateUserPhoneNumber(parameters: Routes["update_user_phone_number"]["parameters"], as?: As): Promise<Routes["update_user_phone_number"]["result"]>;
  updateUserTag(parameters: Routes["update_user_tag"]["parameters"], as?: As): Promise<Routes["update_user_tag"]["result"]>;
  updateWallet(parameters: Routes["update_wallet"]["parameters"], as?: As): Promise<Routes["update_wallet"]["result"]>;
  verifyOtp(parameters: Routes["verify_otp"]["parameters"], as?: As): Promise<Routes["verify_otp"]["result"]>;
  whoami(parameters?: Routes["whoami"]["parameters"], as?: As): Promise<Routes["whoami"]["result"]>;
}

type OfCaller<T> = T extends { organizationId: string }
  ? Omit<T, "organizationId"> & { organizationId?: string }
  : T;

/** An activity as it is shown. */
export interface Activity {
  canApprove: boolean;
  canReject: boolean;
  createdAt: Timestamp;
  failure?: Failure | null;
  /** `sha256:` and the hash of the body that made the activity, hex. */
  fingerprint: string;
  id: string;
  /** One member, named for the type: the parameters as they were understood. */
  intent: unknown;
  organizationId: string;
  /** One member, named for the type; `null` until completed. */
  result: unknown;
  status: ActivityStatus;
  type: string;
  updatedAt: Timestamp;
  votes: Vote[];
}

/** What every submission answers. */
export interface ActivityResponse {
  activity: Activity;
}

/** Where an activity stands. */
export type ActivityStatus = "ACTIVITY_STATUS_CREATED" | "ACTIVITY_STATUS_PENDING" | "ACTIVITY_STATUS_COMPLETED" | "ACTIVITY_STATUS_FAILED" | "ACTIVITY_STATUS_CONSENSUS_NEEDED" | "ACTIVITY_STATUS_REJECTED" | "ACTIVITY_STATUS_AUTHENTICATORS_NEEDED";

/** An address of a private key. */
export interface Address {
  address: string;
  format: AddressFormat;
}

/** How a public key is written as an address. */
export type AddressFormat = "ADDRESS_FORMAT_UNCOMPRESSED" | "ADDRESS_FORMAT_COMPRESSED" | "ADDRESS_FORMAT_ETHEREUM" | "ADDRESS_FORMAT_SOLANA" | "ADDRESS_FORMAT_COSMOS" | "ADDRESS_FORMAT_TRON" | "ADDRESS_FORMAT_SUI" | "ADDRESS_FORMAT_APTOS" | "ADDRESS_FORMAT_BITCOIN_MAINNET_P2PKH" | "ADDRESS_FORMAT_BITCOIN_MAINNET_P2SH" | "ADDRESS_FORMAT_BITCOIN_MAINNET_P2WPKH" | "ADDRESS_FORMAT_BITCOIN_MAINNET_P2WSH" | "ADDRESS_FORMAT_BITCOIN_MAINNET_P2TR" | "ADDRESS_FORMAT_BITCOIN_TESTNET_P2PKH" | "ADDRESS_FORMAT_BITCOIN_TESTNET_P2SH" | "ADDRESS_FORMAT_BITCOIN_TESTNET_P2WPKH" | "ADDRESS_FORMAT_BITCOIN_TESTNET_P2WSH" | "ADDRESS_FORMAT_BITCOIN_TESTNET_P2TR" | "ADDRESS_FORMAT_BITCOIN_SIGNET_P2PKH" | "ADDRESS_FORMAT_BITCOIN_SIGNET_P2SH" | "ADDRESS_FORMAT_BITCOIN_SIGNET_P2WPKH" | "ADDRESS_FORMAT_BITCOIN_SIGNET_P2WSH" | "ADDRESS_FORMAT_BITCOIN_SIGNET_P2TR" | "ADDRESS_FORMAT_BITCOIN_REGTEST_P2PKH" | "ADDRESS_FORMAT_BITCOIN_REGTEST_P2SH" | "ADDRESS_FORMAT_BITCOIN_REGTEST_P2WPKH" | "ADDRESS_FORMAT_BITCOIN_REGTEST_P2WSH" | "ADDRESS_FORMAT_BITCOIN_REGTEST_P2TR" | "ADDRESS_FORMAT_SEI" | "ADDRESS_FORMAT_XLM" | "ADDRESS_FORMAT_DOGE_MAINNET" | "ADDRESS_FORMAT_DOGE_TESTNET" | "ADDRESS_FORMAT_TON_V3R2" | "ADDRESS_FORMAT_TON_V4R2" | "ADDRESS_FORMAT_TON_V5R1" | "ADDRESS_FORMAT_XRP" | "ADDRESS_FORMAT_SPARK_MAINNET" | "ADDRESS_FORMAT_SPARK_REGTEST";

export interface ApiKey {
  apiKeyId: string;
  apiKeyName: string;
  createdAt: Timestamp;
  credential: Credential;
  /** Seconds after `createdAt`, decimal; absent for a key that does not expire. */
  expirationSeconds?: string | null;
  updatedAt: Timestamp;
}

/** Curve of a registered API key. */
export type ApiKeyCurve = "API_KEY_CURVE_P256" | "API_KEY_CURVE_SECP256K1" | "API_KEY_CURVE_ED25519";

/** An API key to register; the older form, always P-256. */
export interface ApiKeyParams {
  apiKeyName: string;
  /** Seconds, decimal; absent for a key that does not expire. */
  expirationSeconds?: string | null;
  publicKey: string;
}

/** An API key to register; the newer form, which names its curve. */
export interface ApiKeyParamsV2 {
  apiKeyName: string;
  curveType: ApiKeyCurve;
  /** Seconds, decimal; absent for a key that does not expire. */
  expirationSeconds?: string | null;
  publicKey: string;
}

/** A user with API keys. */
export interface ApiOnlyUserParams {
  /** API keys, all P-256. */
  apiKeys: ApiKeyParams[];
  /** E-mail address. */
  userEmail?: string | null;
  /** Its name. */
  userName: string;
  /** Ids of its tags. */
  userTags: string[];
}

/** What an authenticator answered at registration. Members are base64url. */
export interface Attestation {
  attestationObject: string;
  clientDataJson: string;
  credentialId: string;
  transports?: AuthenticatorTransport[];
}

/** How an auth proxy works. Source: the protocol's `UPDATE_AUTH_PROXY_CONFIG`. */
export interface AuthProxyConfig {
  /** Methods that are on, of `email`, `sms`, `passkey`, `wallet`, `oauth`. */
  allowedAuthMethods?: string[];
  /** Web origins that may use it: exact ones, or `*`. */
  allowedOrigins?: string[];
  /** Whether a captcha is asked for. */
  captchaEnabled?: boolean;
  /** Template of e-mails with a bundle. */
  emailAuthTemplateId?: string | null;
  /** Name of the application, logo and the like. */
  emailCustomizationParams?: EmailCustomizationParams | null;
  /** Whether codes have letters. */
  otpAlphanumeric?: boolean;
  /** Life of a code in seconds. */
  otpExpirationSeconds?: number;
  /** Characters of a code, 6 to 9. */
  otpLength?: number;
  /** Template of e-mails with a code. */
  otpTemplateId?: string | null;
  /** Where answers go. */
  replyToEmailAddress?: string | null;
  /** Sender of e-mails. */
  sendFromEmailAddress?: string | null;
  /** Its name. */
  sendFromEmailSenderName?: string | null;
  /** Life of a session in seconds. */
  sessionExpirationSeconds?: number;
  /** Text of SMS. */
  smsCustomizationParams?: SmsCustomizationParams | null;
  /** Clients whose users may be linked by their e-mail address. */
  socialLinkingClientIds?: string[];
  /** Life of a verification token in seconds. */
  verificationTokenExpirationSeconds?: number;
  /** Whether an account is looked up by contact only with a token that proves the contact. */
  verificationTokenRequiredForGetAccountPii?: boolean;
  /** What wallet kits show. */
  walletKitSettings?: WalletKitSettings;
}

/** How somebody proved who they are. */
export type AuthenticationType = "AUTHENTICATION_TYPE_PASSKEY" | "AUTHENTICATION_TYPE_API_KEY" | "AUTHENTICATION_TYPE_SESSION" | "AUTHENTICATION_TYPE_EMAIL_OTP" | "AUTHENTICATION_TYPE_SMS_OTP" | "AUTHENTICATION_TYPE_OAUTH" | "AUTHENTICATION_TYPE_WALLET" | "AUTHENTICATION_TYPE_EMAIL";

export interface Authenticator {
  /** 16 bytes, base64url. */
  aaguid: string;
  attestationType: string;
  authenticatorId: string;
  authenticatorName: string;
  createdAt: Timestamp;
  credential: Credential;
  /** Base64url. */
  credentialId: string;
  model: string;
  transports: AuthenticatorTransport[];
  updatedAt: Timestamp;
}

/** A passkey to register. */
export interface AuthenticatorParamsV2 {
  attestation: Attestation;
  authenticatorName: string;
  challenge: string;
}

/** How a browser reaches an authenticator (WebAuthn §5.8.4). */
export type AuthenticatorTransport = "AUTHENTICATOR_TRANSPORT_BLE" | "AUTHENTICATOR_TRANSPORT_INTERNAL" | "AUTHENTICATOR_TRANSPORT_NFC" | "AUTHENTICATOR_TRANSPORT_USB" | "AUTHENTICATOR_TRANSPORT_HYBRID";

/** A signature by a client's own key over a message of its own. */
export interface ClientSignature {
  message: string;
  publicKey: string;
  scheme: string;
  signature: string;
}

export interface Config {
  features: Feature[];
  quorum: Quorum;
}

/** As it travels. */
export interface CreateApiKeysIntentV2 {
  /** The API keys. */
  apiKeys: ApiKeyParamsV2[];
  /** The user. */
  userId: string;
}

/** What it answers. */
export interface CreateApiKeysResult {
  /** Their ids, in order. */
  apiKeyIds: string[];
}

/** As it travels. */
export interface CreateApiOnlyUsersIntent {
  /** The users. */
  apiOnlyUsers: ApiOnlyUserParams[];
}

/** What it answers. */
export interface CreateApiOnlyUsersResult {
  /** Their ids, in order. */
  userIds: string[];
}

/** As it travels. */
export interface CreateAuthenticatorsIntentV2 {
  /** The passkeys. */
  authenticators: AuthenticatorParamsV2[];
  /** The user. */
  userId: string;
}

/** What it answers. */
export interface CreateAuthenticatorsResult {
  /** Their ids, in order. */
  authenticatorIds: string[];
}

/** As it travels. */
export interface CreateOauth2CredentialIntent {
  /** What the provider knows the client by. */
  clientId: string;
  /** The client's secret in a quorum envelope, sealed to the server's key for such secrets; hex. */
  encryptedClientSecret: string;
  /** The provider. */
  provider: Oauth2Provider;
}

/** What it answers. */
export interface CreateOauth2CredentialResult {
  /** Id of the client. */
  oauth2CredentialId: string;
}

/** Version 2: accounts by their claims, too. */
export interface CreateOauthProvidersIntentV2 {
  /** Its accounts. */
  oauthProviders: OauthProviderParamsV2[];
  /** The user. */
  userId: string;
}

/** What it answers. */
export interface CreateOauthProvidersResult {
  /** Those given by tokens, then those given by claims; each in order. */
  providerIds: string[];
}

/** As it travels. */
export interface CreatePrivateKeyTagIntent {
  /** The private keys that carry it. */
  privateKeyIds: string[];
  /** Its name. */
  privateKeyTagName: string;
}

/** What it answers. */
export interface CreatePrivateKeyTagResult {
  /** The private keys that carry it. */
  privateKeyIds: string[];
  /** The tag. */
  privateKeyTagId: string;
}

/** As it travels. */
export interface CreatePrivateKeysIntentV2 {
  /** The keys to make. */
  privateKeys: PrivateKeyParams[];
}

/** What it answers, in the order of the keys asked for. */
export type CreatePrivateKeysResult = {
  /** The keys. */
  privateKeys: PrivateKeyResult[];
} | {
  /** Ids of the keys. */
  privateKeyIds: string[];
};

/** As it travels: without members. */
export type CreateReadOnlySessionIntent = Record<string, unknown>;

/** What it answers. */
export interface CreateReadOnlySessionResult {
  /** The caller's organization. */
  organizationId: string;
  /** Its name. */
  organizationName: string;
  /** The token. Whoever has it reads as the caller. */
  session: string;
  /**
   * End of the session, since the Unix epoch, decimal: seconds; milliseconds for clients that take
   * it for those.
   */
  sessionExpiry: string;
  /** The caller. */
  userId: string;
  /** Its name. */
  username: string;
}

/** As it travels. */
export interface CreateReadWriteSessionIntentV2 {
  /** Name of the API key; `Read Write Session - <time>` when absent. */
  apiKeyName?: string | null;
  /** Seconds, decimal; 900 when absent. */
  expirationSeconds?: string | null;
  /** Whether all other sessions of this kind of the user end. */
  invalidateExisting?: boolean | null;
  /** Key of the client that the bundle is sealed to: P-256, SEC1, hex. */
  targetPublicKey: string;
  /** Whose session it is; the caller's when absent. */
  userId?: string | null;
}

/** What it answers. */
export interface CreateReadWriteSessionResult {
  /** The API key of the session. */
  apiKeyId: string;
  /** Its private key, sealed. */
  credentialBundle: string;
  /** The user's organization. */
  organizationId: string;
  /** Its name. */
  organizationName: string;
  /** The user. */
  userId: string;
  /** Its name. */
  username: string;
}

/** Version 8: OAuth providers by their claims. */
export interface CreateSubOrganizationIntentV8 {
  clientSignature?: ClientSignature | null;
  disableEmailAuth?: boolean | null;
  disableEmailRecovery?: boolean | null;
  disableOtpEmailAuth?: boolean | null;
  disableSmsAuth?: boolean | null;
  rootQuorumThreshold: number;
  rootUsers: RootUserParamsV5[];
  subOrganizationName: string;
  verificationToken?: string | null;
  wallet?: WalletParams | null;
}

/** What it answers; older versions show fewer members. */
export interface CreateSubOrganizationResult {
  /** The private keys of version 3. */
  privateKeys?: PrivateKeyResult[] | null;
  /** Ids of the root users, in order. */
  rootUserIds: string[];
  /** Id of the sub-organization. */
  subOrganizationId: string;
  /** The wallet, where one was asked for. */
  wallet?: WalletResult | null;
}

/** As it travels. */
export interface CreateUserTagIntent {
  /** The users that carry it. */
  userIds: string[];
  /** Its name. */
  userTagName: string;
}

/** What it answers. */
export interface CreateUserTagResult {
  /** The users that carry it. */
  userIds: string[];
  /** The tag. */
  userTagId: string;
}

/** Version 4: OAuth providers by their claims. */
export interface CreateUsersIntentV4 {
  /** The users. */
  users: UserParamsV4[];
}

/** What it answers. */
export interface CreateUsersResult {
  /** Their ids, in order. */
  userIds: string[];
}

/** As it travels. */
export interface CreateWalletAccountsIntent {
  /** What to derive. */
  accounts: WalletAccountParams[];
  /** Whether the accounts are kept; they are when absent. Others can't sign. */
  persist?: boolean | null;
  /** The wallet. */
  walletId: string;
}

/** What it answers. */
export interface CreateWalletAccountsResult {
  /** In the order of the accounts asked for. */
  addresses: string[];
}

/** As it travels. */
export interface CreateWalletIntent {
  /** Accounts to derive at once; may be empty. */
  accounts: WalletAccountParams[];
  /** Words: 12, 15, 18, 21 or 24; 12 when absent. */
  mnemonicLength?: number | null;
  /** Its name, unique in the organization. */
  walletName: string;
}

export interface Credential {
  /** API keys: hex as in the stamp. Passkeys: COSE key (RFC 9052), base64url. */
  publicKey: string;
  sessionProfileId?: string | null;
  type: CredentialType;
}

/** What a credential is and which activity made it. */
export type CredentialType = "CREDENTIAL_TYPE_WEBAUTHN_AUTHENTICATOR" | "CREDENTIAL_TYPE_API_KEY_P256" | "CREDENTIAL_TYPE_RECOVER_USER_KEY_P256" | "CREDENTIAL_TYPE_API_KEY_SECP256K1" | "CREDENTIAL_TYPE_EMAIL_AUTH_KEY_P256" | "CREDENTIAL_TYPE_API_KEY_ED25519" | "CREDENTIAL_TYPE_OTP_AUTH_KEY_P256" | "CREDENTIAL_TYPE_READ_WRITE_SESSION_KEY_P256" | "CREDENTIAL_TYPE_OAUTH_KEY_P256" | "CREDENTIAL_TYPE_LOGIN";

/** Curve of a wallet account or private key. */
export type Curve = "CURVE_SECP256K1" | "CURVE_ED25519" | "CURVE_P256";

/** As it travels. */
export interface DeleteApiKeysIntent {
  /** The API keys. */
  apiKeyIds: string[];
  /** The user. */
  userId: string;
}

/** What it answers. */
export interface DeleteApiKeysResult {
  /** The API keys that are gone. */
  apiKeyIds: string[];
}

/** As it travels. */
export interface DeleteAuthenticatorsIntent {
  /** The passkeys. */
  authenticatorIds: string[];
  /** The user. */
  userId: string;
}

/** What it answers. */
export interface DeleteAuthenticatorsResult {
  /** The passkeys that are gone. */
  authenticatorIds: string[];
}

/** As it travels. */
export interface DeleteOauth2CredentialIntent {
  /** Id of the client. */
  oauth2CredentialId: string;
}

/** What it answers. */
export interface DeleteOauth2CredentialResult {
  /** Id of the client that is gone. */
  oauth2CredentialId: string;
}

/** As it travels. */
export interface DeleteOauthProvidersIntent {
  /** The accounts. */
  providerIds: string[];
  /** The user. */
  userId: string;
}

/** What it answers. */
export interface DeleteOauthProvidersResult {
  /** The accounts that are gone. */
  providerIds: string[];
}

/** As it travels. */
export interface DeletePrivateKeyTagsIntent {
  /** The tags. */
  privateKeyTagIds: string[];
}

/** What it answers. */
export interface DeletePrivateKeyTagsResult {
  /** The private keys that carried one. */
  privateKeyIds: string[];
  /** The tags that are gone. */
  privateKeyTagIds: string[];
}

/** As it travels. */
export interface DeletePrivateKeysIntent {
  /** Whether those go too that were never exported. */
  deleteWithoutExport?: boolean | null;
  /** The private keys. */
  privateKeyIds: string[];
}

/** What it answers. */
export interface DeletePrivateKeysResult {
  /** The private keys that are gone. */
  privateKeyIds: string[];
}

/** As it travels. */
export interface DeleteSubOrganizationIntent {
  /** Whether it goes even with wallets or private keys that were never exported. */
  deleteWithoutExport?: boolean | null;
}

/** What it answers. */
export interface DeleteSubOrganizationResult {
  /** The sub-organization that is gone. */
  subOrganizationUuid: string;
}

/** As it travels. */
export interface DeleteUserTagsIntent {
  /** The tags. */
  userTagIds: string[];
}

/** What it answers. */
export interface DeleteUserTagsResult {
  /** The users that carried one. */
  userIds: string[];
  /** The tags that are gone. */
  userTagIds: string[];
}

/** As it travels. */
export interface DeleteUsersIntent {
  /** The users. */
  userIds: string[];
}

/** What it answers. */
export interface DeleteUsersResult {
  /** The users that are gone. */
  userIds: string[];
}

/** As it travels. */
export interface DeleteWalletAccountsIntent {
  /** Whether those go too that were never exported. */
  deleteWithoutExport?: boolean | null;
  /** The accounts. */
  walletAccountIds: string[];
}

/** What it answers. */
export interface DeleteWalletAccountsResult {
  /** The accounts that are gone. */
  walletAccountIds: string[];
}

/** As it travels. */
export interface DeleteWalletsIntent {
  /** Whether those go too that were never exported. */
  deleteWithoutExport?: boolean | null;
  /** The wallets. */
  walletIds: string[];
}

/** What it answers. */
export interface DeleteWalletsResult {
  /** The wallets that are gone. */
  walletIds: string[];
}

/** As it travels: nothing. */
export type DisableAuthProxyIntent = Record<string, unknown>;

/** What it answers: nothing. */
export type DisableAuthProxyResult = Record<string, unknown>;

/** How an e-mail with a bundle looks, in the current version. */
export interface EmailAuthCustomizationParams {
  appName: string;
  logoUrl?: string | null;
  /** An http(s) address with one `%s`. */
  magicLinkTemplate?: string | null;
  templateId?: string | null;
  /** A JSON object of strings, as a string. */
  templateVariables?: string | null;
}

/** As it travels. */
export interface EmailAuthIntentV3 {
  /** Name of the API key; `Email Auth - <time>` when absent. */
  apiKeyName?: string | null;
  /** The user's address. */
  email: string;
  /** How the e-mail looks. The bundle goes where its magic link has `%s`. */
  emailCustomization: EmailAuthCustomizationParams;
  /** Seconds, decimal; 900 when absent. */
  expirationSeconds?: string | null;
  /** Whether all other sessions of this kind of the user end. */
  invalidateExisting?: boolean | null;
  /** Where answers to the e-mail go. */
  replyToEmailAddress?: string | null;
  /** Sender of the e-mail. */
  sendFromEmailAddress?: string | null;
  /** Name of the sender. */
  sendFromEmailSenderName?: string | null;
  /** Key of the client that the bundle is sealed to: P-256, SEC1, hex. */
  targetPublicKey: string;
}

/** What it answers. The bundle is only in the mail. */
export interface EmailAuthResult {
  /** The API key of the session. */
  apiKeyId: string;
  /** The user. */
  userId: string;
}

/** How an e-mail looks; all versions of it at once. */
export interface EmailCustomizationParams {
  appName?: string | null;
  logoUrl?: string | null;
  /** An http(s) address with one `%s`. */
  magicLinkTemplate?: string | null;
  templateId?: string | null;
  /** A JSON object of strings, as a string. */
  templateVariables?: string | null;
}

/** As it travels: nothing. */
export type EnableAuthProxyIntent = Record<string, unknown>;

/** What it answers. */
export interface EnableAuthProxyResult {
  /** The user that the proxy acts as. */
  userId: string;
}

/** Why an activity failed. */
export interface Failure {
  code: number;
  details: unknown[];
  message: string;
}

export interface Feature {
  name: FeatureName;
  value?: string | null;
}

/** A switch of an organization. */
export type FeatureName = "FEATURE_NAME_ROOT_USER_EMAIL_RECOVERY" | "FEATURE_NAME_WEBAUTHN_ORIGINS" | "FEATURE_NAME_EMAIL_AUTH" | "FEATURE_NAME_EMAIL_RECOVERY" | "FEATURE_NAME_WEBHOOK" | "FEATURE_NAME_SMS_AUTH" | "FEATURE_NAME_OTP_EMAIL_AUTH" | "FEATURE_NAME_AUTH_PROXY" | "FEATURE_NAME_SOLANA_RENT_PREFUND_ENABLED" | "FEATURE_NAME_SWAP_CONFIG" | "FEATURE_NAME_EARN_CONFIG";

/** As it travels. */
export interface GetActivity {
  /** The activity. */
  activityId: string;
  /** The activity's organization. */
  organizationId: string;
}

/** As it travels. */
export interface GetApiKey {
  /** The API key. */
  apiKeyId: string;
  /** The organization. */
  organizationId: string;
}

/** What it answers. */
export interface GetApiKeyResponse {
  /** The API key. */
  apiKey: ApiKey;
}

/** As it travels. */
export interface GetApiKeys {
  /** The organization. */
  organizationId: string;
  /** One user; all when absent. */
  userId?: string | null;
}

/** What it answers. */
export interface GetApiKeysResponse {
  /** Oldest first, user by user. The expired ones stay until they are evicted. */
  apiKeys: ApiKey[];
}

/** As it travels. */
export interface GetAuthProxyConfig {
  /** The parent organization; the caller must be one of its users. */
  organizationId: string;
}

/** What it answers. */
export interface GetAuthProxyConfigResponse {
  /** How it works. */
  config: AuthProxyConfig;
  /** What clients name it by. */
  configId: string;
  /** The user that the proxy acts as. */
  userId: string;
}

/** As it travels. */
export interface GetAuthenticator {
  /** The passkey. */
  authenticatorId: string;
  /** The organization. */
  organizationId: string;
}

/** What it answers. */
export interface GetAuthenticatorResponse {
  /** The passkey. */
  authenticator: Authenticator;
}

/** As it travels. */
export interface GetAuthenticators {
  /** The organization. */
  organizationId: string;
  /** The user. */
  userId: string;
}

/** What it answers. */
export interface GetAuthenticatorsResponse {
  /** Oldest first. */
  authenticators: Authenticator[];
}

/** As it travels. */
export interface GetOauth2Credential {
  /** Id of the client. */
  oauth2CredentialId: string;
  /** The organization. */
  organizationId: string;
}

/** What it answers. */
export interface GetOauth2CredentialResponse {
  /** The client. */
  oauth2Credential: Oauth2Credential;
}

/** As it travels. */
export interface GetOauthProviders {
  /** The organization. */
  organizationId: string;
  /** One user; all when absent. */
  userId?: string | null;
}

/** What it answers. */
export interface GetOauthProvidersResponse {
  /** In the order they were registered. */
  oauthProviders: OauthProvider[];
}

/** As it travels. */
export interface GetOrganization {
  /** The organization. */
  organizationId: string;
}

/** As it travels. */
export interface GetOrganizationConfigs {
  /** The organization. */
  organizationId: string;
}

/** What it answers. */
export interface GetOrganizationConfigsResponse {
  /** Features and root quorum. */
  configs: Config;
}

/** What it answers. */
export interface GetOrganizationResponse {
  /** The organization. */
  organizationData: OrganizationData;
}

/** As it travels. */
export interface GetPrivateKey {
  /** The organization. */
  organizationId: string;
  /** The private key. */
  privateKeyId: string;
}

/** What it answers. */
export interface GetPrivateKeyResponse {
  /** The private key. */
  privateKey: PrivateKey;
}

/** As it travels. */
export interface GetUser {
  /** The organization. */
  organizationId: string;
  /** The user. */
  userId: string;
}

/** What it answers. */
export interface GetUserResponse {
  /** The user. */
  user: User;
}

/** As it travels. */
export interface GetWallet {
  /** The organization. */
  organizationId: string;
  /** The wallet. */
  walletId: string;
}

/** As it travels. */
export interface GetWalletAccount {
  /** Address of the account; either this or `path`. */
  address?: string | null;
  /** The organization. */
  organizationId: string;
  /** Path of the account; the oldest when several share it. */
  path?: string | null;
  /** The wallet. */
  walletId: string;
}

/** What it answers. */
export interface GetWalletAccountResponse {
  /** The account. */
  account: WalletAccount;
}

/** What it answers. */
export interface GetWalletResponse {
  /** The wallet. */
  wallet: Wallet;
}

/** What is done to a payload before it is signed. */
export type HashFunction = "HASH_FUNCTION_NO_OP" | "HASH_FUNCTION_SHA256" | "HASH_FUNCTION_KECCAK256" | "HASH_FUNCTION_NOT_APPLICABLE";

/** Version 3: the application has a name of its own, and says how long the code is good. */
export interface InitOtpAuthIntentV3 {
  /** Whether the code has letters; it has when absent. */
  alphanumeric?: boolean | null;
  /** Name of the application. */
  appName: string;
  /** The user's address or number. */
  contact: string;
  /** How an e-mail looks. */
  emailCustomization?: EmailCustomizationParams | null;
  /** Life of the code in seconds, decimal; 300 when absent, at most 600. */
  expirationSeconds?: string | null;
  /** Characters, 6 to 9; 9 when absent. */
  otpLength?: number | null;
  /** How it is sent. */
  otpType: OtpType;
  /** Where answers to an e-mail go. */
  replyToEmailAddress?: string | null;
  /** Sender of an e-mail. */
  sendFromEmailAddress?: string | null;
  /** Name of the sender. */
  sendFromEmailSenderName?: string | null;
  /** The text of an SMS. */
  smsCustomization?: SmsCustomizationParams | null;
  /** What the application calls whoever asks; codes are counted by it. */
  userIdentifier?: string | null;
}

/** What it answers. */
export interface InitOtpAuthResult {
  /** What the code logs in with. */
  otpId: string;
}

/** Version 3: the code comes back encrypted. */
export interface InitOtpIntentV3 {
  /** Whether the code has letters; it has when absent. */
  alphanumeric?: boolean | null;
  /** Name of the application. */
  appName: string;
  /** The address or number. */
  contact: string;
  /** How an e-mail looks. */
  emailCustomization?: EmailCustomizationParams | null;
  /** Life of the code in seconds, decimal; 300 when absent, at most 600. */
  expirationSeconds?: string | null;
  /** Characters, 6 to 9; 9 when absent. */
  otpLength?: number | null;
  /** How it is sent. */
  otpType: OtpType;
  /** Where answers go. */
  replyToEmailAddress?: string | null;
  /** Sender of an e-mail. */
  sendFromEmailAddress?: string | null;
  /** Name of the sender. */
  sendFromEmailSenderName?: string | null;
  /** The text of an SMS. */
  smsCustomization?: SmsCustomizationParams | null;
  /** What the application calls whoever asks; codes are counted by it. */
  userIdentifier?: string | null;
}

/** What it answers. */
export interface InitOtpResult {
  /** The signed key that the code is to be encrypted to; of the current version. */
  otpEncryptionTargetBundle?: string | null;
  /** What the code is verified with. */
  otpId: string;
}

/** As it travels. */
export interface InitUserEmailRecoveryIntentV2 {
  /** The user's address. */
  email: string;
  /** How the e-mail looks. The bundle goes where its magic link has `%s`. */
  emailCustomization: EmailAuthCustomizationParams;
  /** Life of the key in seconds, decimal; 900 when absent. */
  expirationSeconds?: string | null;
  /** Where answers to the e-mail go. */
  replyToEmailAddress?: string | null;
  /** Sender of the e-mail. */
  sendFromEmailAddress?: string | null;
  /** Name of the sender. */
  sendFromEmailSenderName?: string | null;
  /** Key of the client that the bundle is sealed to: P-256, SEC1, hex. */
  targetPublicKey: string;
}

/** What it answers. The bundle is only in the mail. */
export interface InitUserEmailRecoveryResult {
  /** The user. */
  userId: string;
}

/** As it travels. */
export interface ListActivities {
  /** Only activities that stand so; all when absent or empty. */
  filterByStatus?: ActivityStatus[] | null;
  /** Only activities of these types, `ACTIVITY_TYPE_…`; all when absent or empty. */
  filterByType?: string[] | null;
  /** The organization. */
  organizationId: string;
  /** Which page. */
  paginationOptions?: Pagination | null;
}

/** What it answers. */
export interface ListActivitiesResponse {
  /** Newest first. */
  activities: Activity[];
}

/** As it travels. */
export interface ListAppProofs {
  /** The activity. */
  activityId: string;
  /** The organization. */
  organizationId: string;
}

/** What it answers. */
export interface ListAppProofsResponse {
  /** Always empty. */
  appProofs: unknown[];
}

/** As it travels. */
export interface ListOauth2Credentials {
  /** The organization. */
  organizationId: string;
}

/** What it answers. */
export interface ListOauth2CredentialsResponse {
  /** In the order they were made. */
  oauth2Credentials: Oauth2Credential[];
}

/** As it travels. */
export interface ListPrivateKeyTags {
  /** The organization. */
  organizationId: string;
}

/** What it answers. */
export interface ListPrivateKeyTagsResponse {
  /** Oldest first. */
  privateKeyTags: Tag[];
}

/** As it travels. */
export interface ListPrivateKeys {
  /** The organization. */
  organizationId: string;
}

/** What it answers. */
export interface ListPrivateKeysResponse {
  /** Oldest first. */
  privateKeys: PrivateKey[];
}

/** As it travels. */
export interface ListSessionEvents {
  /** The organization. */
  organizationId: string;
  /** Which page, of activities. */
  paginationOptions?: Pagination | null;
  /** Whose sessions. When absent, all that the caller may see, as in `list_sessions`. */
  userId?: string | null;
}

/** What it answers. */
export interface ListSessionEventsResponse {
  /** What to give as `paginationOptions.before` for the next page; absent when there is none. */
  nextBefore?: string | null;
  /** Newest first. */
  sessionEvents: SessionEvent[];
}

/** As it travels. */
export interface ListSessions {
  /** Whether those that have ended and are still kept are shown too. */
  includeExpired?: boolean | null;
  /** The organization. */
  organizationId: string;
  /**
   * One user. When absent, all whom the caller may see: root users and users of the parent see
   * everybody's sessions, other users their own.
   */
  userId?: string | null;
}

/** What it answers. */
export interface ListSessionsResponse {
  /** Newest first. */
  sessions: Session[];
}

/** As it travels. */
export interface ListSuborgs {
  /**
   * `NAME`, `USERNAME`, `EMAIL`, `PHONE_NUMBER`, `CREDENTIAL_ID`, `PUBLIC_KEY`, `OIDC_TOKEN` or
   * `WALLET_ACCOUNT_ADDRESS`; everything when absent.
   */
  filterType?: string | null;
  /** What that must be equal to. */
  filterValue?: string | null;
  /** The parent organization; the caller must be one of its users. */
  organizationId: string;
  /** Which page. */
  paginationOptions?: Pagination | null;
}

/** What it answers. */
export interface ListSuborgsResponse {
  /** Oldest first. */
  organizationIds: string[];
}

/** As it travels. */
export interface ListUserTags {
  /** The organization. */
  organizationId: string;
}

/** What it answers. */
export interface ListUserTagsResponse {
  /** Oldest first. */
  userTags: Tag[];
}

/** As it travels. */
export interface ListUsers {
  /** The organization. */
  organizationId: string;
}

/** What it answers. */
export interface ListUsersResponse {
  /** Oldest first. */
  users: User[];
}

/** As it travels. */
export interface ListVerifiedSuborgs {
  /** `EMAIL` or `PHONE_NUMBER`; has to be there. */
  filterType?: string | null;
  /** The address or number. */
  filterValue?: string | null;
  /** The parent organization; the caller must be one of its users. */
  organizationId: string;
  /** Which page. */
  paginationOptions?: Pagination | null;
}

/** What it answers. */
export interface ListVerifiedSuborgsResponse {
  /** Oldest first. */
  organizationIds: string[];
}

/** As it travels. */
export interface ListWalletAccounts {
  /** Whether each account shows its wallet. */
  includeWalletDetails?: boolean | null;
  /** The organization. */
  organizationId: string;
  /** Which page; everything when absent, since callers without it search the answer. */
  paginationOptions?: Pagination | null;
  /** One wallet; all when absent. */
  walletId?: string | null;
}

/** What it answers. */
export interface ListWalletAccountsResponse {
  /** Oldest first. */
  accounts: WalletAccount[];
}

/** As it travels. */
export interface ListWallets {
  /** The organization. */
  organizationId: string;
}

/** What it answers. */
export interface ListWalletsResponse {
  /** Oldest first. */
  wallets: Wallet[];
}

/** As it travels. */
export interface Oauth2AuthenticateIntent {
  /** The authorization code that the provider gave to the end user. */
  authCode: string;
  /** The key that the provider's bearer token is sealed to, if it is wanted: P-256, SEC1, hex. */
  bearerTokenTargetPublicKey?: string | null;
  /** PKCE. */
  codeVerifier: string;
  /** What the token's nonce is to be: the hash of the public key that will log in. */
  nonce: string;
  /** The client at the provider. */
  oauth2CredentialId: string;
  /** Where the provider sent the end user back to. */
  redirectUri: string;
}

/** What it answers. */
export interface Oauth2AuthenticateResult {
  /** The ID token. */
  oidcToken: string;
}

/** A client of an organization at an OAuth 2.0 provider. */
export interface Oauth2Credential {
  clientId: string;
  createdAt: Timestamp;
  /** Always empty: the secret is not shown, not even sealed. */
  encryptedClientSecret: string;
  oauth2CredentialId: string;
  organizationId: string;
  provider: Oauth2Provider;
  updatedAt: Timestamp;
}

/** An OAuth 2.0 provider that gives no ID tokens. */
export type Oauth2Provider = "OAUTH2_PROVIDER_X" | "OAUTH2_PROVIDER_DISCORD";

/** As it travels. */
export interface OauthIntent {
  /** Name of the API key; `Oauth - <time>` when absent. */
  apiKeyName?: string | null;
  /** Seconds, decimal; 900 when absent. */
  expirationSeconds?: string | null;
  /** Whether all other sessions of this kind of the user end. */
  invalidateExisting?: boolean | null;
  /** ID token whose nonce is the hash of the target public key. */
  oidcToken: string;
  /** Key of the client that the bundle is sealed to: P-256, SEC1, hex. */
  targetPublicKey: string;
}

/** As it travels. */
export interface OauthLoginIntent {
  /** Seconds, decimal; 900 when absent. */
  expirationSeconds?: string | null;
  /** Whether all other log-in sessions of the user end. */
  invalidateExisting?: boolean | null;
  /** ID token whose nonce is the hash of the public key. */
  oidcToken: string;
  /** Client key for the session: P-256, SEC1, hex. */
  publicKey: string;
  /** The session profile that limits the session. */
  sessionProfileId?: string | null;
}

/** What it answers. */
export interface OauthLoginResult {
  /** A token that describes the session. Requests are stamped with the session's key. */
  session: string;
}

export interface OauthProvider {
  audience: string;
  createdAt: Timestamp;
  issuer: string;
  providerId: string;
  providerName: string;
  subject: string;
  updatedAt: Timestamp;
}

/** An OAuth provider to register; by token or by claims. */
export interface OauthProviderParamsV2 {
  oidcClaims?: OidcClaims | null;
  oidcToken?: string | null;
  providerName: string;
}

/** What it answers. */
export interface OauthResult {
  /** The API key of the session. */
  apiKeyId: string;
  /** Its private key, sealed. */
  credentialBundle: string;
  /** The user. */
  userId: string;
}

/** What identifies a person at an identity provider. */
export interface OidcClaims {
  aud: string;
  iss: string;
  sub: string;
}

/** An organization. All lists are oldest first. */
export interface OrganizationData {
  /** The features that are on. */
  features: Feature[];
  /** Empty: there are no invitations. */
  invitations: unknown[];
  /** Its name. */
  name: string;
  /** Its id. */
  organizationId: string;
  /** Empty: there are no policies yet. */
  policies: unknown[];
  /** Its private keys. */
  privateKeys: PrivateKey[];
  /** Its root users and how many of them decide together. */
  rootQuorum: Quorum;
  /** Empty: there are no contract interfaces. */
  smartContractInterfaceReferences: unknown[];
  /** Tags of both kinds. */
  tags: Tag[];
  /** Its users, with their credentials. */
  users: User[];
  /** Its wallets. */
  wallets: Wallet[];
}

/** As it travels. */
export interface OtpAuthIntent {
  /** Name of the API key; `OTP Auth - <time>` when absent. */
  apiKeyName?: string | null;
  /** Seconds, decimal; 900 when absent. */
  expirationSeconds?: string | null;
  /** Whether all other sessions of this kind of the user end. */
  invalidateExisting?: boolean | null;
  /** The code. */
  otpCode: string;
  /** The code's id. */
  otpId: string;
  /** Key of the client that the bundle is sealed to: P-256, SEC1, hex. */
  targetPublicKey: string;
}

/** What it answers. */
export interface OtpAuthResult {
  /** The API key of the session. */
  apiKeyId?: string | null;
  /** Its private key, sealed. */
  credentialBundle?: string | null;
  /** The user. */
  userId: string;
}

/** As it travels, both versions: clients send the name of the older one with the members of the newer. */
export interface OtpLoginIntent {
  /** By the key that the token is bound to; only a token that is bound to none goes without. */
  clientSignature?: ClientSignature | null;
  /** Seconds, decimal; 900 when absent. */
  expirationSeconds?: string | null;
  /** Whether all other log-in sessions of the user end. */
  invalidateExisting?: boolean | null;
  /** Client key for the session: P-256, SEC1, hex. */
  publicKey: string;
  /** The session profile that limits the session. */
  sessionProfileId?: string | null;
  /** What `VERIFY_OTP` answered. */
  verificationToken: string;
}

/** What it answers. */
export interface OtpLoginResult {
  /** A token that describes the session. Requests are stamped with the session's key. */
  session: string;
}

/** How a one-time code reaches somebody. */
export type OtpType = "OTP_TYPE_SMS" | "OTP_TYPE_EMAIL";

/** `paginationOptions` as it travels; all members are strings. */
export interface Pagination {
  /** Only rows made after the one with this id. */
  after?: string | null;
  /** Only rows made before the one with this id. */
  before?: string | null;
  /** Rows wanted, 1 to 100; 10 when absent. */
  limit?: string | null;
}

/** How a derivation path is written. */
export type PathFormat = "PATH_FORMAT_BIP32";

/** How the text of a payload stands for bytes. */
export type PayloadEncoding = "PAYLOAD_ENCODING_HEXADECIMAL" | "PAYLOAD_ENCODING_TEXT_UTF8" | "PAYLOAD_ENCODING_EIP712" | "PAYLOAD_ENCODING_EIP7702_AUTHORIZATION";

export interface PrivateKey {
  addresses: Address[];
  createdAt: Timestamp;
  curve: Curve;
  exported: boolean;
  imported: boolean;
  privateKeyId: string;
  privateKeyName: string;
  /** Ids of the tags. */
  privateKeyTags: string[];
  /** Lower-case hex: uncompressed SEC1, or the 32 bytes of an Ed25519 key. */
  publicKey: string;
  updatedAt: Timestamp;
}

/** A private key to make. */
export interface PrivateKeyParams {
  addressFormats?: AddressFormat[];
  curve: Curve;
  privateKeyName: string;
  privateKeyTags?: string[];
}

/** A private key that was made. */
export interface PrivateKeyResult {
  addresses: Address[];
  privateKeyId: string;
}

/** Root users and how many of them decide together. */
export interface Quorum {
  threshold: number;
  userIds: string[];
}

/** As it travels. */
export interface RecoverUserIntent {
  /** The passkey. */
  authenticator: AuthenticatorParamsV2;
  /** The user. */
  userId: string;
}

/** What it answers. */
export interface RecoverUserResult {
  /** The id of the passkey, alone in a list. */
  authenticatorId: string[];
}

/** As it travels. */
export interface RemoveOrganizationFeatureIntent {
  /** Which. */
  name: FeatureName;
}

/** What it answers. */
export interface RemoveOrganizationFeatureResult {
  /** All features that are on. */
  features: Feature[];
}

/** As it travels. */
export interface RevokeSessionIntent {
  /** The session, read-only or read-write. */
  sessionId: string;
}

/** What it answers. */
export interface RevokeSessionResult {
  /** The session that is gone. */
  sessionId: string;
}

/** As it travels. */
export interface RevokeSessionsIntent {
  /** Whether those of every user of the organization end. Not beside `userId`. */
  allUsers?: boolean | null;
  /** Whether the session that stamps the request stays, and the read-only sessions it opened. */
  exceptCurrent?: boolean | null;
  /** Whose; the caller's own when this and `allUsers` are absent. */
  userId?: string | null;
}

/** What it answers. */
export interface RevokeSessionsResult {
  /** The sessions that are gone and would have lasted longer. */
  sessionIds: string[];
}

/** A root user of version 8. */
export interface RootUserParamsV5 {
  /** API keys. */
  apiKeys: ApiKeyParamsV2[];
  /** Passkeys. */
  authenticators: AuthenticatorParamsV2[];
  /** OAuth providers. */
  oauthProviders: OauthProviderParamsV2[];
  /** E-mail address. */
  userEmail?: string | null;
  /** Its name. */
  userName: string;
  /** Phone number, E.164. */
  userPhoneNumber?: string | null;
}

/** A session. */
export interface Session {
  /** IP address that the log-in came from. */
  address?: string | null;
  /** When it was opened. */
  createdAt: Timestamp;
  /** What kind of key that is. */
  credentialType?: CredentialType | null;
  /** Whether it is the one that asks. */
  current: boolean;
  /** When it ends if it is used until then. */
  expiresAt: Timestamp;
  /** When it ends if it is not used until then; absent when there is no such limit. */
  idleExpiresAt?: Timestamp | null;
  /** What it may do. */
  kind: SessionType;
  /** What the user calls it. */
  label?: string | null;
  /** When it was last used; absent when that is not known. */
  lastUsedAt?: Timestamp | null;
  /** When the user logged in: the same, or earlier for a session that was refreshed. */
  loggedInAt: Timestamp;
  /** How the user logged in; absent for sessions of an earlier release. */
  method?: AuthenticationType | null;
  /** The user's organization. */
  organizationId: string;
  /** The key of a read-write session, compressed, hex. */
  publicKey?: string | null;
  /** The session it goes on from. */
  refreshedFrom?: string | null;
  /** Its id; of a read-write session, that of its API key. */
  sessionId: string;
  /** As the client named itself at log-in; it may have lied. */
  userAgent?: string | null;
  /** Whose it is. */
  userId: string;
}

/** Something that happened to a session. */
export interface SessionEvent {
  /** The activity that did it. */
  activityId: string;
  /** `ACTIVITY_TYPE_…`. */
  activityType: string;
  /** The user who submitted that. */
  byUserId?: string | null;
  /** When. */
  createdAt: Timestamp;
  /** How the user logged in; absent for sessions of an earlier release. */
  method?: AuthenticationType | null;
  /** The session it goes on from. */
  refreshedFrom?: string | null;
  /** The session. */
  sessionId: string;
  /** What it may or might do. */
  sessionType: SessionType;
  /** What. */
  type: SessionEventType;
  /** Whose it is or was. */
  userId: string;
}

/** What happened to a session. */
export type SessionEventType = "SESSION_EVENT_OPENED" | "SESSION_EVENT_REFRESHED" | "SESSION_EVENT_EVICTED" | "SESSION_EVENT_REVOKED";

/** As it travels. To be asked by a session: stamped with its key, or with its token. */
export interface SessionToken {
  /** The session's organization, or its parent. */
  organizationId: string;
}

/** What it answers. */
export interface SessionTokenResponse {
  /** A JWT, ES256, that any library verifies with `/.well-known/jwks.json`. It opens nothing here. */
  token: string;
}

/** What a session may do. */
export type SessionType = "SESSION_TYPE_READ_ONLY" | "SESSION_TYPE_READ_WRITE";

/** As it travels. */
export interface SetOrganizationFeatureIntent {
  /** Which. */
  name: FeatureName;
  /** Its value; takes the place of an earlier one. */
  value?: string | null;
}

/** What it answers. */
export interface SetOrganizationFeatureResult {
  /** All features that are on. */
  features: Feature[];
}

/** As it travels. */
export interface SetSessionLimitsIntent {
  /**
   * Seconds after the log-in that a session ends, and every session it was refreshed to, decimal, at
   * least 60; no such limit when absent.
   */
  absoluteLifetimeSeconds?: string | null;
  /** Seconds after its last use that a session ends, decimal, at least 60; no such limit when absent. */
  idleTimeoutSeconds?: string | null;
}

/** What it answers: the limits in force, which are those of the parent where these are stricter. */
export interface SetSessionLimitsResult {
  /** Seconds, decimal; absent when there is no such limit. */
  absoluteLifetimeSeconds?: string | null;
  /** Seconds, decimal; absent when there is no such limit. */
  idleTimeoutSeconds?: string | null;
}

/** As it travels. */
export interface SignRawPayloadIntentV2 {
  /** How `payload` stands for bytes. */
  encoding: PayloadEncoding;
  /** What is done to the bytes first. */
  hashFunction: HashFunction;
  /** What to sign, written as `encoding` says. */
  payload: string;
  /** Address of a wallet account or private key, or id of a private key. */
  signWith: string;
}

/** A signature. Hex without `0x`: `r` and `s` 64 characters, `v` two (the parity of R's y). */
export interface SignRawPayloadResult {
  r: string;
  s: string;
  v: string;
}

/** As it travels. */
export interface SignRawPayloadsIntent {
  /** How a payload stands for bytes. */
  encoding: PayloadEncoding;
  /** What is done to the bytes first. */
  hashFunction: HashFunction;
  /** What to sign, each written as `encoding` says; at least one. */
  payloads: string[];
  /** Address of a wallet account or private key, or id of a private key. */
  signWith: string;
}

/** What it answers. */
export interface SignRawPayloadsResult {
  /** In the order of the payloads. */
  signatures: SignRawPayloadResult[];
}

/** As it travels. */
export interface SignTransactionIntentV2 {
  /** Address of a wallet account or private key, or id of a private key. */
  signWith: string;
  /** Its type. A text, because one that is unknown has a refusal of its own. */
  type: TransactionType;
  /** The transaction, hex. */
  unsignedTransaction: string;
}

/** What it answers. */
export interface SignTransactionResult {
  /** The transaction with its signature, hex without `0x`. */
  signedTransaction: string;
}

/** The text of an SMS. */
export interface SmsCustomizationParams {
  /** With `{{.OtpCode}}`. */
  template?: string | null;
}

/** As it travels. */
export interface StampLoginIntent {
  /** Seconds, decimal; 900 when absent. */
  expirationSeconds?: string | null;
  /** Whether all other log-in sessions of the user end. */
  invalidateExisting?: boolean | null;
  /** Client key for the session: P-256, SEC1, hex. */
  publicKey: string;
  /** The session profile that limits the session. */
  sessionProfileId?: string | null;
}

/** What it answers. */
export interface StampLoginResult {
  /** A token that describes the session. Requests are stamped with the session's key. */
  session: string;
}

export interface Tag {
  createdAt: Timestamp;
  tagId: string;
  tagName: string;
  tagType: TagType;
  updatedAt: Timestamp;
}

/** What a tag is put on. */
export type TagType = "TAG_TYPE_USER" | "TAG_TYPE_PRIVATE_KEY";

/** An instant as it travels: decimal strings, whole seconds, `nanos` always `"0"`. */
export interface Timestamp {
  /** Always `"0"`. */
  nanos: string;
  /** Seconds since the Unix epoch. */
  seconds: string;
}

/** The chain an unsigned transaction is for. */
export type TransactionType = "TRANSACTION_TYPE_ETHEREUM" | "TRANSACTION_TYPE_SOLANA" | "TRANSACTION_TYPE_TRON" | "TRANSACTION_TYPE_BITCOIN" | "TRANSACTION_TYPE_TEMPO";

/** As it travels. What is absent stays as it is; an empty text takes away what was there. */
export interface UpdateAuthProxyConfigIntent {
  /** Of `email`, `sms`, `passkey`, `wallet`, `oauth`. */
  allowedAuthMethods?: string[] | null;
  /** Web origins that may use it, as browsers write them, or `*` for all. */
  allowedOrigins?: string[] | null;
  /** Whether a captcha is asked for: `true` is refused, since none is. */
  captchaEnabled?: boolean | null;
  /** Template of e-mails with a bundle. */
  emailAuthTemplateId?: string | null;
  /** Name of the application, logo and the like; takes the place of all that was said of these. */
  emailCustomizationParams?: EmailCustomizationParams | null;
  /** Whether codes have letters. */
  otpAlphanumeric?: boolean | null;
  /** Life of a code in seconds, at most 600. */
  otpExpirationSeconds?: number | null;
  /** Characters of a code, 6 to 9. */
  otpLength?: number | null;
  /** Template of e-mails with a code. */
  otpTemplateId?: string | null;
  /** Where answers go. */
  replyToEmailAddress?: string | null;
  /** Sender of e-mails. */
  sendFromEmailAddress?: string | null;
  /** Name of the sender of e-mails. */
  sendFromEmailSenderName?: string | null;
  /** Life of a session in seconds, at most ten years. */
  sessionExpirationSeconds?: number | null;
  /** Text of SMS. */
  smsCustomizationParams?: SmsCustomizationParams | null;
  /** Clients whose users may be linked by their e-mail address. */
  socialLinkingClientIds?: string[] | null;
  /** Life of a verification token in seconds, at most a day. */
  verificationTokenExpirationSeconds?: number | null;
  /** Whether an account is looked up by contact only with a token that proves the contact. */
  verificationTokenRequiredForGetAccountPii?: boolean | null;
  /** What wallet kits show. */
  walletKitSettings?: WalletKitSettingsParams | null;
}

/** What it answers. */
export interface UpdateAuthProxyConfigResult {
  /** What clients name the proxy by: the id of the organization. */
  configId: string;
}

/** As it travels. */
export interface UpdateOauth2CredentialIntent {
  /** What the provider knows the client by. */
  clientId: string;
  /** The client's secret in a quorum envelope, sealed to the server's key for such secrets; hex. */
  encryptedClientSecret: string;
  /** Id of the client. */
  oauth2CredentialId: string;
  /** The provider. */
  provider: Oauth2Provider;
}

/** What it answers. */
export interface UpdateOauth2CredentialResult {
  /** Id of the client. */
  oauth2CredentialId: string;
}

/** As it travels. */
export interface UpdateOrganizationNameIntent {
  /** The new name. */
  organizationName: string;
}

/** What it answers. */
export interface UpdateOrganizationNameResult {
  /** The organization. */
  organizationId: string;
  /** Its new name. */
  organizationName: string;
}

/** As it travels. */
export interface UpdatePrivateKeyTagIntent {
  /** The private keys that are to carry it. */
  addPrivateKeyIds: string[];
  /** The new name. */
  newPrivateKeyTagName?: string | null;
  /** The tag. */
  privateKeyTagId: string;
  /** The private keys that are not to. */
  removePrivateKeyIds: string[];
}

/** What it answers. */
export interface UpdatePrivateKeyTagResult {
  /** The tag. */
  privateKeyTagId: string;
}

/** As it travels. */
export interface UpdateRootQuorumIntent {
  /** Approvals needed. */
  threshold: number;
  /** The members. */
  userIds: string[];
}

/** What it answers: nothing. */
export type UpdateRootQuorumResult = Record<string, unknown>;

/** As it travels. */
export interface UpdateSessionIntent {
  /** What it is called from now on; sessions it is refreshed to are called the same. */
  label: string;
  /** The session, read-only or read-write. */
  sessionId: string;
}

/** What it answers. */
export interface UpdateSessionResult {
  /** The session. */
  sessionId: string;
}

/** As it travels. */
export interface UpdateUserEmailIntent {
  /** The new address; empty to remove it. */
  userEmail: string;
  /** The user. */
  userId: string;
  /** Proof that it is the user's. */
  verificationToken?: string | null;
}

/** What it answers. */
export interface UpdateUserEmailResult {
  /** The user. */
  userId: string;
}

/** As it travels. */
export interface UpdateUserIntent {
  /** The new e-mail address; empty to remove it. */
  userEmail?: string | null;
  /** The user. */
  userId: string;
  /** The new name. */
  userName?: string | null;
  /** The new phone number, E.164; empty to remove it. */
  userPhoneNumber?: string | null;
  /** All its tags from now on. */
  userTagIds?: string[] | null;
}

/** As it travels. */
export interface UpdateUserNameIntent {
  /** The user. */
  userId: string;
  /** The new name. */
  userName: string;
}

/** What it answers. */
export interface UpdateUserNameResult {
  /** The user. */
  userId: string;
}

/** As it travels. */
export interface UpdateUserPhoneNumberIntent {
  /** The user. */
  userId: string;
  /** The new number, E.164; empty to remove it. */
  userPhoneNumber: string;
  /** Proof that it is the user's. */
  verificationToken?: string | null;
}

/** What it answers. */
export interface UpdateUserPhoneNumberResult {
  /** The user. */
  userId: string;
}

/** What it answers. */
export interface UpdateUserResult {
  /** The user. */
  userId: string;
}

/** As it travels. */
export interface UpdateUserTagIntent {
  /** The users that are to carry it. */
  addUserIds: string[];
  /** The new name. */
  newUserTagName?: string | null;
  /** The users that are not to. */
  removeUserIds: string[];
  /** The tag. */
  userTagId: string;
}

/** What it answers. */
export interface UpdateUserTagResult {
  /** The tag. */
  userTagId: string;
}

/** As it travels. */
export interface UpdateWalletIntent {
  /** The wallet. */
  walletId: string;
  /** Its new name; the old one stays when absent. */
  walletName?: string | null;
}

/** What it answers. */
export interface UpdateWalletResult {
  /** The wallet. */
  walletId: string;
}

export interface User {
  apiKeys: ApiKey[];
  authenticators: Authenticator[];
  createdAt: Timestamp;
  mfaPolicies: unknown[];
  oauthProviders: OauthProvider[];
  updatedAt: Timestamp;
  userEmail?: string | null;
  userId: string;
  userName: string;
  /** E.164. */
  userPhoneNumber?: string | null;
  /** Ids of the tags. */
  userTags: string[];
}

/** A user of version 4. */
export interface UserParamsV4 {
  /** API keys. */
  apiKeys: ApiKeyParamsV2[];
  /** Passkeys. */
  authenticators: AuthenticatorParamsV2[];
  /** OAuth providers. */
  oauthProviders: OauthProviderParamsV2[];
  /** E-mail address. */
  userEmail?: string | null;
  /** Its name. */
  userName: string;
  /** Phone number, E.164. */
  userPhoneNumber?: string | null;
  /** Ids of its tags. */
  userTags: string[];
}

/** As it travels, both versions: clients send the name of the older one with the members of the newer. */
export interface VerifyOtpIntent {
  /** The code and the client's key, encrypted; of the current version. */
  encryptedOtpBundle?: string | null;
  /** Life of the token in seconds, decimal; 3600 when absent, at most 86400. */
  expirationSeconds?: string | null;
  /** The code, plain; of the older version. */
  otpCode?: string | null;
  /** The code's id. */
  otpId: string;
  /** Key of the client that the token is bound to: P-256, SEC1, hex; of the older version. */
  publicKey?: string | null;
}

/** What it answers. */
export interface VerifyOtpResult {
  /** The token. */
  verificationToken: string;
}

export interface Vote {
  activityId: string;
  createdAt: Timestamp;
  id: string;
  /** The body that was stamped. */
  message: string;
  publicKey: string;
  scheme: string;
  selection: VoteSelection;
  signature: string;
  user: User;
  userId: string;
}

/** For or against. */
export type VoteSelection = "VOTE_SELECTION_APPROVED" | "VOTE_SELECTION_REJECTED";

export interface Wallet {
  createdAt: Timestamp;
  exported: boolean;
  imported: boolean;
  updatedAt: Timestamp;
  walletId: string;
  walletName: string;
}

export interface WalletAccount {
  address: string;
  addressFormat: AddressFormat;
  /** CAIP-2 namespace, where the address format belongs to one. */
  caip2Prefix?: string | null;
  createdAt: Timestamp;
  curve: Curve;
  name?: string | null;
  organizationId: string;
  /** As it was given. */
  path: string;
  pathFormat: PathFormat;
  /** Lower-case hex: compressed SEC1, or the 32 bytes of an Ed25519 key. */
  publicKey: string;
  updatedAt: Timestamp;
  walletAccountId: string;
  walletDetails?: Wallet | null;
  walletId: string;
}

/** One account to derive. */
export interface WalletAccountParams {
  addressFormat: AddressFormat;
  curve: Curve;
  name?: string | null;
  path: string;
  pathFormat: PathFormat;
}

/** What wallet kits show of an auth proxy. */
export interface WalletKitSettings {
  /** Of `google`, `apple`, `facebook`, `discord`, `x`. */
  enabledSocialProviders?: string[];
  /** Client ids by provider. */
  oauthClientIds?: Record<string, string>;
  /** Where providers send the browser back to. */
  oauthRedirectUrl?: string | null;
}

/** What wallet kits show, as it travels. What is absent stays as it is. */
export interface WalletKitSettingsParams {
  /** Of `google`, `apple`, `facebook`, `discord`, `x`. */
  enabledSocialProviders?: string[] | null;
  /** Client ids by provider. */
  oauthClientIds?: Record<string, string> | null;
  /** Where providers send the browser back to. */
  oauthRedirectUrl?: string | null;
}

/** A wallet to make. */
export interface WalletParams {
  accounts: WalletAccountParams[];
  /** Words: 12, 15, 18, 21 or 24; 12 when absent. */
  mnemonicLength?: number | null;
  walletName: string;
}

/** A wallet that was made. */
export interface WalletResult {
  /** In the order of the accounts asked for. */
  addresses: string[];
  walletId: string;
}

/** As it travels. */
export interface Whoami {
  /** The caller's organization, or its parent. */
  organizationId: string;
}

/** What it answers. */
export interface WhoamiResponse {
  /** The caller's organization. */
  organizationId: string;
  /** Its name. */
  organizationName: string;
  /** The caller. */
  userId: string;
  /** Its name. */
  username: string;
}
