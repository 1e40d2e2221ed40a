// Written by `cargo run -p keyward-protocol --example typescript`. Do not change it here.

import type { As } from "./index.js";

/** By the last segment of its path. */
export interface Routes {
  approve_activity: { parameters: ApproveActivityIntent; result: ApproveActivityResult };
  can_anybody: { parameters: OfCaller<CanAnybody>; result: CanAnybodyResponse };
  create_api_keys: { parameters: CreateApiKeysIntentV2; result: CreateApiKeysResult };
  create_api_only_users: { parameters: CreateApiOnlyUsersIntent; result: CreateApiOnlyUsersResult };
  create_authenticators: { parameters: CreateAuthenticatorsIntentV2; result: CreateAuthenticatorsResult };
  create_invitations: { parameters: CreateInvitationsIntent; result: CreateInvitationsResult };
  create_mfa_policy: { parameters: CreateMfaPolicyIntent; result: CreateMfaPolicyResult };
  create_oauth2_credential: { parameters: CreateOauth2CredentialIntent; result: CreateOauth2CredentialResult };
  create_oauth_providers: { parameters: CreateOauthProvidersIntentV2; result: CreateOauthProvidersResult };
  create_policies: { parameters: CreatePoliciesIntent; result: CreatePoliciesResult };
  create_policy: { parameters: CreatePolicyIntentV3; result: CreatePolicyResult };
  create_private_key_tag: { parameters: CreatePrivateKeyTagIntent; result: CreatePrivateKeyTagResult };
  create_private_keys: { parameters: CreatePrivateKeysIntentV2; result: CreatePrivateKeysResult };
  create_read_only_session: { parameters: CreateReadOnlySessionIntent; result: CreateReadOnlySessionResult };
  create_read_write_session: { parameters: CreateReadWriteSessionIntentV2; result: CreateReadWriteSessionResult };
  create_session_profile: { parameters: CreateSessionProfileIntent; result: CreateSessionProfileResult };
  create_smart_contract_interface: { parameters: CreateSmartContractInterfaceIntent; result: CreateSmartContractInterfaceResult };
  create_sub_organization: { parameters: CreateSubOrganizationIntentV8; result: CreateSubOrganizationResult };
  create_user_tag: { parameters: CreateUserTagIntent; result: CreateUserTagResult };
  create_users: { parameters: CreateUsersIntentV4; result: CreateUsersResult };
  create_wallet: { parameters: CreateWalletIntent; result: WalletResult };
  create_wallet_accounts: { parameters: CreateWalletAccountsIntent; result: CreateWalletAccountsResult };
  create_webhook_endpoint: { parameters: CreateWebhookEndpointIntent; result: CreateWebhookEndpointResult };
  delete_api_keys: { parameters: DeleteApiKeysIntent; result: DeleteApiKeysResult };
  delete_authenticators: { parameters: DeleteAuthenticatorsIntent; result: DeleteAuthenticatorsResult };
  delete_invitation: { parameters: DeleteInvitationIntent; result: DeleteInvitationResult };
  delete_mfa_policy: { parameters: DeleteMfaPolicyIntent; result: DeleteMfaPolicyResult };
  delete_oauth2_credential: { parameters: DeleteOauth2CredentialIntent; result: DeleteOauth2CredentialResult };
  delete_oauth_providers: { parameters: DeleteOauthProvidersIntent; result: DeleteOauthProvidersResult };
  delete_policies: { parameters: DeletePoliciesIntent; result: DeletePoliciesResult };
  delete_policy: { parameters: DeletePolicyIntent; result: DeletePolicyResult };
  delete_private_key_tags: { parameters: DeletePrivateKeyTagsIntent; result: DeletePrivateKeyTagsResult };
  delete_private_keys: { parameters: DeletePrivateKeysIntent; result: DeletePrivateKeysResult };
  delete_secrets: { parameters: DeleteSecretsIntent; result: DeleteSecretsResult };
  delete_smart_contract_interface: { parameters: DeleteSmartContractInterfaceIntent; result: DeleteSmartContractInterfaceResult };
  delete_sub_organization: { parameters: DeleteSubOrganizationIntent; result: DeleteSubOrganizationResult };
  delete_user_tags: { parameters: DeleteUserTagsIntent; result: DeleteUserTagsResult };
  delete_users: { parameters: DeleteUsersIntent; result: DeleteUsersResult };
  delete_wallet_accounts: { parameters: DeleteWalletAccountsIntent; result: DeleteWalletAccountsResult };
  delete_wallets: { parameters: DeleteWalletsIntent; result: DeleteWalletsResult };
  delete_webhook_endpoint: { parameters: DeleteWebhookEndpointIntent; result: DeleteWebhookEndpointResult };
  disable_auth_proxy: { parameters: DisableAuthProxyIntent; result: DisableAuthProxyResult };
  email_auth: { parameters: EmailAuthIntentV3; result: EmailAuthResult };
  enable_auth_proxy: { parameters: EnableAuthProxyIntent; result: EnableAuthProxyResult };
  eth_send_raw_transaction: { parameters: EthSendRawTransactionIntent; result: EthSendRawTransactionResult };
  eth_send_transaction: { parameters: EthSendTransactionIntentV2; result: EthSendTransactionResult };
  eth_undelegate_7702: { parameters: EthUndelegate7702Intent; result: EthUndelegate7702Result };
  explain_activity: { parameters: OfCaller<ExplainActivity>; result: ExplainActivityResponse };
  export_private_key: { parameters: ExportPrivateKeyIntent; result: ExportPrivateKeyResult };
  export_secrets: { parameters: ExportSecretsIntent; result: ExportSecretsResult };
  export_wallet: { parameters: ExportWalletIntent; result: ExportWalletResult };
  export_wallet_account: { parameters: ExportWalletAccountIntent; result: ExportWalletAccountResult };
  get_activity: { parameters: OfCaller<GetActivity>; result: ActivityResponse };
  get_api_key: { parameters: OfCaller<GetApiKey>; result: GetApiKeyResponse };
  get_api_keys: { parameters: OfCaller<GetApiKeys>; result: GetApiKeysResponse };
  get_auth_proxy_config: { parameters: OfCaller<GetAuthProxyConfig>; result: GetAuthProxyConfigResponse };
  get_authenticator: { parameters: OfCaller<GetAuthenticator>; result: GetAuthenticatorResponse };
  get_authenticators: { parameters: OfCaller<GetAuthenticators>; result: GetAuthenticatorsResponse };
  get_budget: { parameters: OfCaller<GetBudget>; result: GetBudgetResponse };
  get_gas_usage: { parameters: OfCaller<GetGasUsage>; result: GetGasUsageResponse };
  get_ip_allowlist: { parameters: OfCaller<GetIpAllowlist>; result: GetIpAllowlistResponse };
  get_mfa_policies: { parameters: OfCaller<GetMfaPolicies>; result: GetMfaPoliciesResponse };
  get_mfa_policy: { parameters: OfCaller<GetMfaPolicy>; result: GetMfaPolicyResponse };
  get_mfa_status: { parameters: OfCaller<GetMfaStatus>; result: GetMfaStatusResponse };
  get_nonces: { parameters: OfCaller<GetNonces>; result: GetNoncesResponse };
  get_oauth2_credential: { parameters: OfCaller<GetOauth2Credential>; result: GetOauth2CredentialResponse };
  get_oauth_providers: { parameters: OfCaller<GetOauthProviders>; result: GetOauthProvidersResponse };
  get_organization: { parameters: OfCaller<GetOrganization>; result: GetOrganizationResponse };
  get_organization_configs: { parameters: OfCaller<GetOrganizationConfigs>; result: GetOrganizationConfigsResponse };
  get_policy: { parameters: OfCaller<GetPolicy>; result: GetPolicyResponse };
  get_policy_evaluations: { parameters: OfCaller<GetPolicyEvaluations>; result: GetPolicyEvaluationsResponse };
  get_private_key: { parameters: OfCaller<GetPrivateKey>; result: GetPrivateKeyResponse };
  get_send_transaction_status: { parameters: OfCaller<GetSendTransactionStatus>; result: GetSendTransactionStatusResponse };
  get_session_profile: { parameters: OfCaller<GetSessionProfile>; result: GetSessionProfileResponse };
  get_session_profiles: { parameters: OfCaller<GetSessionProfiles>; result: GetSessionProfilesResponse };
  get_smart_contract_interface: { parameters: OfCaller<GetSmartContractInterface>; result: GetSmartContractInterfaceResponse };
  get_user: { parameters: OfCaller<GetUser>; result: GetUserResponse };
  get_wallet: { parameters: OfCaller<GetWallet>; result: GetWalletResponse };
  get_wallet_account: { parameters: OfCaller<GetWalletAccount>; result: GetWalletAccountResponse };
  get_wallet_address_balances: { parameters: OfCaller<GetWalletAddressBalances>; result: GetWalletAddressBalancesResponse };
  import_private_key: { parameters: ImportPrivateKeyIntent; result: ImportPrivateKeyResult };
  import_secrets: { parameters: ImportSecretsIntent; result: ImportSecretsResult };
  import_wallet: { parameters: ImportWalletIntent; result: WalletResult };
  init_import_private_key: { parameters: InitImportPrivateKeyIntent; result: InitImportPrivateKeyResult };
  init_import_secrets: { parameters: InitImportSecretsIntent; result: InitImportSecretsResult };
  init_import_wallet: { parameters: InitImportWalletIntent; result: InitImportWalletResult };
  init_otp: { parameters: InitOtpIntentV3; result: InitOtpResult };
  init_otp_auth: { parameters: InitOtpAuthIntentV3; result: InitOtpAuthResult };
  init_user_email_recovery: { parameters: InitUserEmailRecoveryIntentV2; result: InitUserEmailRecoveryResult };
  list_activities: { parameters: OfCaller<ListActivities>; result: ListActivitiesResponse };
  list_app_proofs: { parameters: OfCaller<ListAppProofs>; result: ListAppProofsResponse };
  list_oauth2_credentials: { parameters: OfCaller<ListOauth2Credentials>; result: ListOauth2CredentialsResponse };
  list_policies: { parameters: OfCaller<ListPolicies>; result: ListPoliciesResponse };
  list_private_key_tags: { parameters: OfCaller<ListPrivateKeyTags>; result: ListPrivateKeyTagsResponse };
  list_private_keys: { parameters: OfCaller<ListPrivateKeys>; result: ListPrivateKeysResponse };
  list_secrets: { parameters: OfCaller<ListSecrets>; result: ListSecretsResponse };
  list_session_events: { parameters: OfCaller<ListSessionEvents>; result: ListSessionEventsResponse };
  list_sessions: { parameters: OfCaller<ListSessions>; result: ListSessionsResponse };
  list_smart_contract_interfaces: { parameters: OfCaller<ListSmartContractInterfaces>; result: ListSmartContractInterfacesResponse };
  list_suborgs: { parameters: OfCaller<ListSuborgs>; result: ListSuborgsResponse };
  list_supported_assets: { parameters: OfCaller<ListSupportedAssets>; result: ListSupportedAssetsResponse };
  list_user_tags: { parameters: OfCaller<ListUserTags>; result: ListUserTagsResponse };
  list_users: { parameters: OfCaller<ListUsers>; result: ListUsersResponse };
  list_verified_suborgs: { parameters: OfCaller<ListVerifiedSuborgs>; result: ListVerifiedSuborgsResponse };
  list_wallet_accounts: { parameters: OfCaller<ListWalletAccounts>; result: ListWalletAccountsResponse };
  list_wallets: { parameters: OfCaller<ListWallets>; result: ListWalletsResponse };
  list_webhook_deliveries: { parameters: OfCaller<ListWebhookDeliveries>; result: ListWebhookDeliveriesResponse };
  list_webhook_endpoints: { parameters: OfCaller<ListWebhookEndpoints>; result: ListWebhookEndpointsResponse };
  oauth: { parameters: OauthIntent; result: OauthResult };
  oauth2_authenticate: { parameters: Oauth2AuthenticateIntent; result: Oauth2AuthenticateResult };
  oauth_login: { parameters: OauthLoginIntent; result: OauthLoginResult };
  otp_auth: { parameters: OtpAuthIntent; result: OtpAuthResult };
  otp_login: { parameters: OtpLoginIntent; result: OtpLoginResult };
  recover_user: { parameters: RecoverUserIntent; result: RecoverUserResult };
  reject_activity: { parameters: RejectActivityIntent; result: RejectActivityResult };
  remove_ip_allowlist: { parameters: RemoveIpAllowlistIntent; result: RemoveIpAllowlistResult };
  remove_organization_feature: { parameters: RemoveOrganizationFeatureIntent; result: RemoveOrganizationFeatureResult };
  replay_policy: { parameters: OfCaller<ReplayPolicy>; result: ReplayPolicyResponse };
  revoke_session: { parameters: RevokeSessionIntent; result: RevokeSessionResult };
  revoke_sessions: { parameters: RevokeSessionsIntent; result: RevokeSessionsResult };
  session_token: { parameters: OfCaller<SessionToken>; result: SessionTokenResponse };
  set_ip_allowlist: { parameters: SetIpAllowlistIntent; result: SetIpAllowlistResult };
  set_organization_feature: { parameters: SetOrganizationFeatureIntent; result: SetOrganizationFeatureResult };
  set_policy_settings: { parameters: SetPolicySettingsIntent; result: SetPolicySettingsResult };
  set_session_limits: { parameters: SetSessionLimitsIntent; result: SetSessionLimitsResult };
  sign_raw_payload: { parameters: SignRawPayloadIntentV2; result: SignRawPayloadResult };
  sign_raw_payloads: { parameters: SignRawPayloadsIntent; result: SignRawPayloadsResult };
  sign_transaction: { parameters: SignTransactionIntentV2; result: SignTransactionResult };
  sol_send_transaction: { parameters: SolSendTransactionIntentV2; result: SolSendTransactionResult };
  stamp_login: { parameters: StampLoginIntent; result: StampLoginResult };
  update_auth_proxy_config: { parameters: UpdateAuthProxyConfigIntent; result: UpdateAuthProxyConfigResult };
  update_mfa_policy: { parameters: UpdateMfaPolicyIntent; result: UpdateMfaPolicyResult };
  update_oauth2_credential: { parameters: UpdateOauth2CredentialIntent; result: UpdateOauth2CredentialResult };
  update_organization_name: { parameters: UpdateOrganizationNameIntent; result: UpdateOrganizationNameResult };
  update_policy: { parameters: UpdatePolicyIntentV2; result: UpdatePolicyResult };
  update_private_key_tag: { parameters: UpdatePrivateKeyTagIntent; result: UpdatePrivateKeyTagResult };
  update_root_quorum: { parameters: UpdateRootQuorumIntent; result: UpdateRootQuorumResult };
  update_session: { parameters: UpdateSessionIntent; result: UpdateSessionResult };
  update_user: { parameters: UpdateUserIntent; result: UpdateUserResult };
  update_user_email: { parameters: UpdateUserEmailIntent; result: UpdateUserEmailResult };
  update_user_name: { parameters: UpdateUserNameIntent; result: UpdateUserNameResult };
  update_user_phone_number: { parameters: UpdateUserPhoneNumberIntent; result: UpdateUserPhoneNumberResult };
  update_user_tag: { parameters: UpdateUserTagIntent; result: UpdateUserTagResult };
  update_wallet: { parameters: UpdateWalletIntent; result: UpdateWalletResult };
  update_webhook_endpoint: { parameters: UpdateWebhookEndpointIntent; result: UpdateWebhookEndpointResult };
  verify_otp: { parameters: VerifyOtpIntent; result: VerifyOtpResult };
  whoami: { parameters: OfCaller<Whoami>; result: WhoamiResponse };
}

/** As methods, in camel case. */
export interface Api {
  approveActivity(parameters: Routes["approve_activity"]["parameters"], as?: As): Promise<Routes["approve_activity"]["result"]>;
  canAnybody(parameters: Routes["can_anybody"]["parameters"], as?: As): Promise<Routes["can_anybody"]["result"]>;
  createApiKeys(parameters: Routes["create_api_keys"]["parameters"], as?: As): Promise<Routes["create_api_keys"]["result"]>;
  createApiOnlyUsers(parameters: Routes["create_api_only_users"]["parameters"], as?: As): Promise<Routes["create_api_only_users"]["result"]>;
  createAuthenticators(parameters: Routes["create_authenticators"]["parameters"], as?: As): Promise<Routes["create_authenticators"]["result"]>;
  createInvitations(parameters: Routes["create_invitations"]["parameters"], as?: As): Promise<Routes["create_invitations"]["result"]>;
  createMfaPolicy(parameters: Routes["create_mfa_policy"]["parameters"], as?: As): Promise<Routes["create_mfa_policy"]["result"]>;
  createOauth2Credential(parameters: Routes["create_oauth2_credential"]["parameters"], as?: As): Promise<Routes["create_oauth2_credential"]["result"]>;
  createOauthProviders(parameters: Routes["create_oauth_providers"]["parameters"], as?: As): Promise<Routes["create_oauth_providers"]["result"]>;
  createPolicies(parameters: Routes["create_policies"]["parameters"], as?: As): Promise<Routes["create_policies"]["result"]>;
  createPolicy(parameters: Routes["create_policy"]["parameters"], as?: As): Promise<Routes["create_policy"]["result"]>;
  createPrivateKeyTag(parameters: Routes["create_private_key_tag"]["parameters"], as?: As): Promise<Routes["create_private_key_tag"]["result"]>;
  createPrivateKeys(parameters: Routes["create_private_keys"]["parameters"], as?: As): Promise<Routes["create_private_keys"]["result"]>;
  createReadOnlySession(parameters?: Routes["create_read_only_session"]["parameters"], as?: As): Promise<Routes["create_read_only_session"]["result"]>;
  createReadWriteSession(parameters: Routes["create_read_write_session"]["parameters"], as?: As): Promise<Routes["create_read_write_session"]["result"]>;
  createSessionProfile(parameters: Routes["create_session_profile"]["parameters"], as?: As): Promise<Routes["create_session_profile"]["result"]>;
  createSmartContractInterface(parameters: Routes["create_smart_contract_interface"]["parameters"], as?: As): Promise<Routes["create_smart_contract_interface"]["result"]>;
  createSubOrganization(parameters: Routes["create_sub_organization"]["parameters"], as?: As): Promise<Routes["create_sub_organization"]["result"]>;
  createUserTag(parameters: Routes["create_user_tag"]["parameters"], as?: As): Promise<Routes["create_user_tag"]["result"]>;
  createUsers(parameters: Routes["create_users"]["parameters"], as?: As): Promise<Routes["create_users"]["result"]>;
  createWallet(parameters: Routes["create_wallet"]["parameters"], as?: As): Promise<Routes["create_wallet"]["result"]>;
  createWalletAccounts(parameters: Routes["create_wallet_accounts"]["parameters"], as?: As): Promise<Routes["create_wallet_accounts"]["result"]>;
  createWebhookEndpoint(parameters: Routes["create_webhook_endpoint"]["parameters"], as?: As): Promise<Routes["create_webhook_endpoint"]["result"]>;
  deleteApiKeys(parameters: Routes["delete_api_keys"]["parameters"], as?: As): Promise<Routes["delete_api_keys"]["result"]>;
  deleteAuthenticators(parameters: Routes["delete_authenticators"]["parameters"], as?: As): Promise<Routes["delete_authenticators"]["result"]>;
  deleteInvitation(parameters: Routes["delete_invitation"]["parameters"], as?: As): Promise<Routes["delete_invitation"]["result"]>;
  deleteMfaPolicy(parameters: Routes["delete_mfa_policy"]["parameters"], as?: As): Promise<Routes["delete_mfa_policy"]["result"]>;
  deleteOauth2Credential(parameters: Routes["delete_oauth2_credential"]["parameters"], as?: As): Promise<Routes["delete_oauth2_credential"]["result"]>;
  deleteOauthProviders(parameters: Routes["delete_oauth_providers"]["parameters"], as?: As): Promise<Routes["delete_oauth_providers"]["result"]>;
  deletePolicies(parameters: Routes["delete_policies"]["parameters"], as?: As): Promise<Routes["delete_policies"]["result"]>;
  deletePolicy(parameters: Routes["delete_policy"]["parameters"], as?: As): Promise<Routes["delete_policy"]["result"]>;
  deletePrivateKeyTags(parameters: Routes["delete_private_key_tags"]["parameters"], as?: As): Promise<Routes["delete_private_key_tags"]["result"]>;
  deletePrivateKeys(parameters: Routes["delete_private_keys"]["parameters"], as?: As): Promise<Routes["delete_private_keys"]["result"]>;
  deleteSecrets(parameters: Routes["delete_secrets"]["parameters"], as?: As): Promise<Routes["delete_secrets"]["result"]>;
  deleteSmartContractInterface(parameters: Routes["delete_smart_contract_interface"]["parameters"], as?: As): Promise<Routes["delete_smart_contract_interface"]["result"]>;
  deleteSubOrganization(parameters?: Routes["delete_sub_organization"]["parameters"], as?: As): Promise<Routes["delete_sub_organization"]["result"]>;
  deleteUserTags(parameters: Routes["delete_user_tags"]["parameters"], as?: As): Promise<Routes["delete_user_tags"]["result"]>;
  deleteUsers(parameters: Routes["delete_users"]["parameters"], as?: As): Promise<Routes["delete_users"]["result"]>;
  deleteWalletAccounts(parameters: Routes["delete_wallet_accounts"]["parameters"], as?: As): Promise<Routes["delete_wallet_accounts"]["result"]>;
  deleteWallets(parameters: Routes["delete_wallets"]["parameters"], as?: As): Promise<Routes["delete_wallets"]["result"]>;
  deleteWebhookEndpoint(parameters: Routes["delete_webhook_endpoint"]["parameters"], as?: As): Promise<Routes["delete_webhook_endpoint"]["result"]>;
  disableAuthProxy(parameters?: Routes["disable_auth_proxy"]["parameters"], as?: As): Promise<Routes["disable_auth_proxy"]["result"]>;
  emailAuth(parameters: Routes["email_auth"]["parameters"], as?: As): Promise<Routes["email_auth"]["result"]>;
  enableAuthProxy(parameters?: Routes["enable_auth_proxy"]["parameters"], as?: As): Promise<Routes["enable_auth_proxy"]["result"]>;
  ethSendRawTransaction(parameters: Routes["eth_send_raw_transaction"]["parameters"], as?: As): Promise<Routes["eth_send_raw_transaction"]["result"]>;
  ethSendTransaction(parameters: Routes["eth_send_transaction"]["parameters"], as?: As): Promise<Routes["eth_send_transaction"]["result"]>;
  ethUndelegate7702(parameters: Routes["eth_undelegate_7702"]["parameters"], as?: As): Promise<Routes["eth_undelegate_7702"]["result"]>;
  explainActivity(parameters: Routes["explain_activity"]["parameters"], as?: As): Promise<Routes["explain_activity"]["result"]>;
  exportPrivateKey(parameters: Routes["export_private_key"]["parameters"], as?: As): Promise<Routes["export_private_key"]["result"]>;
  exportSecrets(parameters: Routes["export_secrets"]["parameters"], as?: As): Promise<Routes["export_secrets"]["result"]>;
  exportWallet(parameters: Routes["export_wallet"]["parameters"], as?: As): Promise<Routes["export_wallet"]["result"]>;
  exportWalletAccount(parameters: Routes["export_wallet_account"]["parameters"], as?: As): Promise<Routes["export_wallet_account"]["result"]>;
  getActivity(parameters: Routes["get_activity"]["parameters"], as?: As): Promise<Routes["get_activity"]["result"]>;
  getApiKey(parameters: Routes["get_api_key"]["parameters"], as?: As): Promise<Routes["get_api_key"]["result"]>;
  getApiKeys(parameters?: Routes["get_api_keys"]["parameters"], as?: As): Promise<Routes["get_api_keys"]["result"]>;
  getAuthProxyConfig(parameters?: Routes["get_auth_proxy_config"]["parameters"], as?: As): Promise<Routes["get_auth_proxy_config"]["result"]>;
  getAuthenticator(parameters: Routes["get_authenticator"]["parameters"], as?: As): Promise<Routes["get_authenticator"]["result"]>;
  getAuthenticators(parameters: Routes["get_authenticators"]["parameters"], as?: As): Promise<Routes["get_authenticators"]["result"]>;
  getBudget(parameters?: Routes["get_budget"]["parameters"], as?: As): Promise<Routes["get_budget"]["result"]>;
  getGasUsage(parameters?: Routes["get_gas_usage"]["parameters"], as?: As): Promise<Routes["get_gas_usage"]["result"]>;
  getIpAllowlist(parameters?: Routes["get_ip_allowlist"]["parameters"], as?: As): Promise<Routes["get_ip_allowlist"]["result"]>;
  getMfaPolicies(parameters: Routes["get_mfa_policies"]["parameters"], as?: As): Promise<Routes["get_mfa_policies"]["result"]>;
  getMfaPolicy(parameters: Routes["get_mfa_policy"]["parameters"], as?: As): Promise<Routes["get_mfa_policy"]["result"]>;
  getMfaStatus(parameters: Routes["get_mfa_status"]["parameters"], as?: As): Promise<Routes["get_mfa_status"]["result"]>;
  getNonces(parameters: Routes["get_nonces"]["parameters"], as?: As): Promise<Routes["get_nonces"]["result"]>;
  getOauth2Credential(parameters: Routes["get_oauth2_credential"]["parameters"], as?: As): Promise<Routes["get_oauth2_credential"]["result"]>;
  getOauthProviders(parameters?: Routes["get_oauth_providers"]["parameters"], as?: As): Promise<Routes["get_oauth_providers"]["result"]>;
  getOrganization(parameters?: Routes["get_organization"]["parameters"], as?: As): Promise<Routes["get_organization"]["result"]>;
  getOrganizationConfigs(parameters?: Routes["get_organization_configs"]["parameters"], as?: As): Promise<Routes["get_organization_configs"]["result"]>;
  getPolicy(parameters: Routes["get_policy"]["parameters"], as?: As): Promise<Routes["get_policy"]["result"]>;
  getPolicyEvaluations(parameters: Routes["get_policy_evaluations"]["parameters"], as?: As): Promise<Routes["get_policy_evaluations"]["result"]>;
  getPrivateKey(parameters: Routes["get_private_key"]["parameters"], as?: As): Promise<Routes["get_private_key"]["result"]>;
  getSendTransactionStatus(parameters: Routes["get_send_transaction_status"]["parameters"], as?: As): Promise<Routes["get_send_transaction_status"]["result"]>;
  getSessionProfile(parameters: Routes["get_session_profile"]["parameters"], as?: As): Promise<Routes["get_session_profile"]["result"]>;
  getSessionProfiles(parameters?: Routes["get_session_profiles"]["parameters"], as?: As): Promise<Routes["get_session_profiles"]["result"]>;
  getSmartContractInterface(parameters: Routes["get_smart_contract_interface"]["parameters"], as?: As): Promise<Routes["get_smart_contract_interface"]["result"]>;
  getUser(parameters: Routes["get_user"]["parameters"], as?: As): Promise<Routes["get_user"]["result"]>;
  getWallet(parameters: Routes["get_wallet"]["parameters"], as?: As): Promise<Routes["get_wallet"]["result"]>;
  getWalletAccount(parameters: Routes["get_wallet_account"]["parameters"], as?: As): Promise<Routes["get_wallet_account"]["result"]>;
  getWalletAddressBalances(parameters: Routes["get_wallet_address_balances"]["parameters"], as?: As): Promise<Routes["get_wallet_address_balances"]["result"]>;
  importPrivateKey(parameters: Routes["import_private_key"]["parameters"], as?: As): Promise<Routes["import_private_key"]["result"]>;
  importSecrets(parameters: Routes["import_secrets"]["parameters"], as?: As): Promise<Routes["import_secrets"]["result"]>;
  importWallet(parameters: Routes["import_wallet"]["parameters"], as?: As): Promise<Routes["import_wallet"]["result"]>;
  initImportPrivateKey(parameters: Routes["init_import_private_key"]["parameters"], as?: As): Promise<Routes["init_import_private_key"]["result"]>;
  initImportSecrets(parameters: Routes["init_import_secrets"]["parameters"], as?: As): Promise<Routes["init_import_secrets"]["result"]>;
  initImportWallet(parameters: Routes["init_import_wallet"]["parameters"], as?: As): Promise<Routes["init_import_wallet"]["result"]>;
  initOtp(parameters: Routes["init_otp"]["parameters"], as?: As): Promise<Routes["init_otp"]["result"]>;
  initOtpAuth(parameters: Routes["init_otp_auth"]["parameters"], as?: As): Promise<Routes["init_otp_auth"]["result"]>;
  initUserEmailRecovery(parameters: Routes["init_user_email_recovery"]["parameters"], as?: As): Promise<Routes["init_user_email_recovery"]["result"]>;
  listActivities(parameters?: Routes["list_activities"]["parameters"], as?: As): Promise<Routes["list_activities"]["result"]>;
  listAppProofs(parameters: Routes["list_app_proofs"]["parameters"], as?: As): Promise<Routes["list_app_proofs"]["result"]>;
  listOauth2Credentials(parameters?: Routes["list_oauth2_credentials"]["parameters"], as?: As): Promise<Routes["list_oauth2_credentials"]["result"]>;
  listPolicies(parameters?: Routes["list_policies"]["parameters"], as?: As): Promise<Routes["list_policies"]["result"]>;
  listPrivateKeyTags(parameters?: Routes["list_private_key_tags"]["parameters"], as?: As): Promise<Routes["list_private_key_tags"]["result"]>;
  listPrivateKeys(parameters?: Routes["list_private_keys"]["parameters"], as?: As): Promise<Routes["list_private_keys"]["result"]>;
  listSecrets(parameters?: Routes["list_secrets"]["parameters"], as?: As): Promise<Routes["list_secrets"]["result"]>;
  listSessionEvents(parameters?: Routes["list_session_events"]["parameters"], as?: As): Promise<Routes["list_session_events"]["result"]>;
  listSessions(parameters?: Routes["list_sessions"]["parameters"], as?: As): Promise<Routes["list_sessions"]["result"]>;
  listSmartContractInterfaces(parameters?: Routes["list_smart_contract_interfaces"]["parameters"], as?: As): Promise<Routes["list_smart_contract_interfaces"]["result"]>;
  listSuborgs(parameters?: Routes["list_suborgs"]["parameters"], as?: As): Promise<Routes["list_suborgs"]["result"]>;
  listSupportedAssets(parameters: Routes["list_supported_assets"]["parameters"], as?: As): Promise<Routes["list_supported_assets"]["result"]>;
  listUserTags(parameters?: Routes["list_user_tags"]["parameters"], as?: As): Promise<Routes["list_user_tags"]["result"]>;
  listUsers(parameters?: Routes["list_users"]["parameters"], as?: As): Promise<Routes["list_users"]["result"]>;
  listVerifiedSuborgs(parameters?: Routes["list_verified_suborgs"]["parameters"], as?: As): Promise<Routes["list_verified_suborgs"]["result"]>;
  listWalletAccounts(parameters?: Routes["list_wallet_accounts"]["parameters"], as?: As): Promise<Routes["list_wallet_accounts"]["result"]>;
  listWallets(parameters?: Routes["list_wallets"]["parameters"], as?: As): Promise<Routes["list_wallets"]["result"]>;
  listWebhookDeliveries(parameters: Routes["list_webhook_deliveries"]["parameters"], as?: As): Promise<Routes["list_webhook_deliveries"]["result"]>;
  listWebhookEndpoints(parameters?: Routes["list_webhook_endpoints"]["parameters"], as?: As): Promise<Routes["list_webhook_endpoints"]["result"]>;
  oauth(parameters: Routes["oauth"]["parameters"], as?: As): Promise<Routes["oauth"]["result"]>;
  oauth2Authenticate(parameters: Routes["oauth2_authenticate"]["parameters"], as?: As): Promise<Routes["oauth2_authenticate"]["result"]>;
  oauthLogin(parameters: Routes["oauth_login"]["parameters"], as?: As): Promise<Routes["oauth_login"]["result"]>;
  otpAuth(parameters: Routes["otp_auth"]["parameters"], as?: As): Promise<Routes["otp_auth"]["result"]>;
  otpLogin(parameters: Routes["otp_login"]["parameters"], as?: As): Promise<Routes["otp_login"]["result"]>;
  recoverUser(parameters: Routes["recover_user"]["parameters"], as?: As): Promise<Routes["recover_user"]["result"]>;
  rejectActivity(parameters: Routes["reject_activity"]["parameters"], as?: As): Promise<Routes["reject_activity"]["result"]>;
  removeIpAllowlist(parameters?: Routes["remove_ip_allowlist"]["parameters"], as?: As): Promise<Routes["remove_ip_allowlist"]["result"]>;
  removeOrganizationFeature(parameters: Routes["remove_organization_feature"]["parameters"], as?: As): Promise<Routes["remove_organization_feature"]["result"]>;
  replayPolicy(parameters: Routes["replay_policy"]["parameters"], as?: As): Promise<Routes["replay_policy"]["result"]>;
  revokeSession(parameters: Routes["revoke_session"]["parameters"], as?: As): Promise<Routes["revoke_session"]["result"]>;
  revokeSessions(parameters?: Routes["revoke_sessions"]["parameters"], as?: As): Promise<Routes["revoke_sessions"]["result"]>;
  sessionToken(parameters?: Routes["session_token"]["parameters"], as?: As): Promise<Routes["session_token"]["result"]>;
  setIpAllowlist(parameters?: Routes["set_ip_allowlist"]["parameters"], as?: As): Promise<Routes["set_ip_allowlist"]["result"]>;
  setOrganizationFeature(parameters: Routes["set_organization_feature"]["parameters"], as?: As): Promise<Routes["set_organization_feature"]["result"]>;
  setPolicySettings(parameters: Routes["set_policy_settings"]["parameters"], as?: As): Promise<Routes["set_policy_settings"]["result"]>;
  setSessionLimits(parameters?: Routes["set_session_limits"]["parameters"], as?: As): Promise<Routes["set_session_limits"]["result"]>;
  signRawPayload(parameters: Routes["sign_raw_payload"]["parameters"], as?: As): Promise<Routes["sign_raw_payload"]["result"]>;
  signRawPayloads(parameters: Routes["sign_raw_payloads"]["parameters"], as?: As): Promise<Routes["sign_raw_payloads"]["result"]>;
  signTransaction(parameters: Routes["sign_transaction"]["parameters"], as?: As): Promise<Routes["sign_transaction"]["result"]>;
  solSendTransaction(parameters: Routes["sol_send_transaction"]["parameters"], as?: As): Promise<Routes["sol_send_transaction"]["result"]>;
  stampLogin(parameters: Routes["stamp_login"]["parameters"], as?: As): Promise<Routes["stamp_login"]["result"]>;
  updateAuthProxyConfig(parameters?: Routes["update_auth_proxy_config"]["parameters"], as?: As): Promise<Routes["update_auth_proxy_config"]["result"]>;
  updateMfaPolicy(parameters: Routes["update_mfa_policy"]["parameters"], as?: As): Promise<Routes["update_mfa_policy"]["result"]>;
  updateOauth2Credential(parameters: Routes["update_oauth2_credential"]["parameters"], as?: As): Promise<Routes["update_oauth2_credential"]["result"]>;
  updateOrganizationName(parameters: Routes["update_organization_name"]["parameters"], as?: As): Promise<Routes["update_organization_name"]["result"]>;
  updatePolicy(parameters: Routes["update_policy"]["parameters"], as?: As): Promise<Routes["update_policy"]["result"]>;
  updatePrivateKeyTag(parameters: Routes["update_private_key_tag"]["parameters"], as?: As): Promise<Routes["update_private_key_tag"]["result"]>;
  updateRootQuorum(parameters: Routes["update_root_quorum"]["parameters"], as?: As): Promise<Routes["update_root_quorum"]["result"]>;
  updateSession(parameters: Routes["update_session"]["parameters"], as?: As): Promise<Routes["update_session"]["result"]>;
  updateUser(parameters: Routes["update_user"]["parameters"], as?: As): Promise<Routes["update_user"]["result"]>;
  updateUserEmail(parameters: Routes["update_user_email"]["parameters"], as?: As): Promise<Routes["update_user_email"]["result"]>;
  updateUserName(parameters: Routes["update_user_name"]["parameters"], as?: As): Promise<Routes["update_user_name"]["result"]>;
  updateUserPhoneNumber(parameters: Routes["update_user_phone_number"]["parameters"], as?: As): Promise<Routes["update_user_phone_number"]["result"]>;
  updateUserTag(parameters: Routes["update_user_tag"]["parameters"], as?: As): Promise<Routes["update_user_tag"]["result"]>;
  updateWallet(parameters: Routes["update_wallet"]["parameters"], as?: As): Promise<Routes["update_wallet"]["result"]>;
  updateWebhookEndpoint(parameters: Routes["update_webhook_endpoint"]["parameters"], as?: As): Promise<Routes["update_webhook_endpoint"]["result"]>;
  verifyOtp(parameters: Routes["verify_otp"]["parameters"], as?: As): Promise<Routes["verify_otp"]["result"]>;
  whoami(parameters?: Routes["whoami"]["parameters"], as?: As): Promise<Routes["whoami"]["result"]>;
}

type OfCaller<T> = T extends { organizationId: string }
  ? Omit<T, "organizationId"> & { organizationId?: string }
  : T;

/** How a user of the oldest kind, or who is invited, may come in; kept and not used. */
export type AccessType = "ACCESS_TYPE_WEB" | "ACCESS_TYPE_API" | "ACCESS_TYPE_ALL";

/** What policies say an activity does: `activity.action`. Source: policy language §13. */
export type Action = "CREATE" | "UPDATE" | "DELETE" | "SIGN" | "EXPORT" | "IMPORT" | "VERIFY" | "ENCRYPT";

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

/** What the policies said of an activity after one vote. */
export interface ActivityPolicyEvaluation {
  /** The activity. */
  activityId: string;
  /** When. */
  createdAt: Timestamp;
  /** Its id. */
  id: string;
  /** Its organization. */
  organizationId: string;
  /** What became of each policy. */
  policyEvaluations: PolicyEvaluation[];
  /** The vote. */
  voteId: string;
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

/** As it travels. */
export interface ApproveActivityIntent {
  /** Of the activity: `sha256:` and hex. */
  fingerprint: string;
}

/** Nothing of its own: what is answered is the activity that it votes on. */
export type ApproveActivityResult = Record<string, unknown>;

/** How much of it an address holds. */
export interface AssetBalance {
  /** In the smallest unit, decimal. */
  balance: string;
  /** CAIP-19. */
  caip19: string;
  decimals: number;
  display: AssetBalanceDisplay;
  name: string;
  symbol: string;
}

/** For people, not for arithmetic. */
export interface AssetBalanceDisplay {
  /** In whole coins, with a decimal point. */
  crypto: string;
  /** This server knows no prices: always absent. */
  usd?: string | null;
}

/** How much of an asset may be moved. */
export interface AssetCapParams {
  /** Of what. */
  asset: AssetParams;
  /** Wei, lamports, raw units of the token; decimal. */
  max: string;
}

/** Something that can be held on a chain. */
export interface AssetMetadata {
  /** CAIP-19. */
  caip19: string;
  decimals: number;
  /** Empty where there is none. */
  logoUrl: string;
  name: string;
  stable: boolean;
  symbol: string;
}

/** Something whose amount can be limited. */
export type AssetParams = {
  native: string;
} | {
  erc20: TokenParams;
} | {
  splToken: string;
};

/** What was moved of an asset. */
export interface AssetSpent {
  /** Of what. */
  asset: AssetParams;
  /** What may be moved now, decimal. */
  left: string;
  /** What counts now, decimal. */
  spent: string;
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

/** A factor. */
export interface AuthenticationMethod {
  /**
   * An authenticator, API key, session profile (the nil UUID: sessions without one) or OAuth provider;
   * absent for any.
   */
  id?: string | null;
  /** Passkey, API key, session, e-mail or SMS code, or OAuth. */
  type: AuthenticationType;
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

/**
 * Limits over a window of time that rolls: no stretch of its length holds more. A member that is misspelt would be a
 * limit that is not kept, so those that are unknown are refused.
 */
export interface BudgetParams {
  /** At most these amounts, and of nothing else; no limit when absent or empty. */
  assets?: AssetCapParams[] | null;
  /** At most this many different recipients. */
  maxCounterparties?: number | null;
  /** At most this many signatures, decimal. */
  maxSignatures?: string | null;
  /** The length of the window in seconds, decimal: from a minute to 90 days. */
  windowSeconds: string;
}

/** As it travels. */
export interface CanAnybody {
  /** What is done to it: `activity.action`. */
  action: Action;
  /** The one type that is meant, `ACTIVITY_TYPE_…`; every one of that resource and action when absent. */
  activityType?: string | null;
  /** The organization. */
  organizationId: string;
  /** What it is about: `activity.resource`. */
  resource: Resource;
}

/** What it answers. */
export interface CanAnybodyResponse {
  /** Whether somebody can. */
  answer: Possibility;
  /** Why not, or what was not tried; absent where somebody can. */
  because?: string | null;
  /** A way to do it, where there is one. */
  witness?: Way | null;
}

/** A policy that said something else before. */
export interface ChangedOutcome {
  /** The policy. */
  policyId: string;
  /** What becomes of it now; absent where it is there no more, or the root quorum decides. */
  present?: Outcome | null;
  /** What became of it then; absent where it did not exist. */
  recorded?: Outcome | null;
}

/** A clause of an expression. */
export interface Clause {
  /** The clauses it is made of; of a list, the elements that decided. */
  clauses?: Clause[];
  /** Why it came to nothing: `MissingKeyword`, say. */
  error?: string | null;
  /** As it is written; long ones are cut short. */
  text: string;
  /** What it came to; absent when it failed. */
  value?: string | null;
}

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
export interface CreateInvitationsIntent {
  /** The people. */
  invitations: InvitationParams[];
}

/** What it answers. */
export interface CreateInvitationsResult {
  /** The invitations, in order. */
  invitationIds: string[];
}

/** As it travels. */
export interface CreateMfaPolicyIntent {
  /**
   * What it is about, in the language of policies. Only the first of the user's policies whose condition is true
   * counts.
   */
  condition: string;
  /** Its name, unique among the user's. */
  mfaPolicyName: string;
  /** For people. */
  notes?: string | null;
  /** The lowest comes first; of two that are equal, the older one. */
  order: number;
  /** Steps, in any order: one method of each. */
  requiredAuthenticationMethods: RequiredAuthenticationMethod[];
  /** The user it binds. */
  userId: string;
}

/** What it answers. */
export interface CreateMfaPolicyResult {
  /** The MFA policy. */
  mfaPolicyId: string;
  /** Beyond the protocol: what is odd about it, such as that it locks its user out. */
  warnings?: PolicyWarning[];
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
export interface CreatePoliciesIntent {
  /** The policies, at least one. */
  policies: CreatePolicyIntentV3[];
}

/** What it answers. */
export interface CreatePoliciesResult {
  /** The policies, in the order they were asked for. */
  policyIds: string[];
  /** Beyond the protocol: what is odd about them. */
  warnings?: PolicyWarning[];
}

/** As it travels. */
export interface CreatePolicyIntentV3 {
  /** Beyond the protocol: what it lets through in a while; only of a policy that allows. */
  budget?: BudgetParams | null;
  /** What it is about; everything when absent. */
  condition?: string | null;
  /** Who; everybody when absent. */
  consensus?: string | null;
  /** What it does where it matches. */
  effect: Effect;
  /** For people. */
  notes?: string;
  /** Beyond the protocol: `ON_ERROR_DENY` has a policy that denies deny also where it errs. */
  onError?: string | null;
  /** Its name, unique in the organization. */
  policyName: string;
  /** When; always when absent or empty. */
  time?: string | null;
}

/** What it answers. */
export interface CreatePolicyResult {
  /** The policy. */
  policyId: string;
  /** Beyond the protocol: what is odd about it. */
  warnings?: PolicyWarning[];
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

/** As it travels. */
export interface CreateSessionProfileIntent {
  /** Beyond the protocol: what each user may do in a while, with all its sessions of this profile together. */
  budget?: BudgetParams | null;
  /** Longest life of its sessions: seconds, decimal. */
  expirationSeconds?: string | null;
  /** For people. */
  notes?: string | null;
  /** What its sessions may do: a condition in the language of policies. */
  scope: string;
  /** Its name, unique in the organization. */
  sessionProfileName: string;
}

/** What it answers. */
export interface CreateSessionProfileResult {
  /** The session profile. */
  sessionProfileId: string;
  /** Beyond the protocol: what is odd about its scope. */
  warnings?: PolicyWarning[];
}

/** As it travels. */
export interface CreateSmartContractInterfaceIntent {
  /** Its name. */
  label: string;
  /** For people. */
  notes?: string | null;
  /** Address of the contract, or id of the program. */
  smartContractAddress: string;
  /** Its ABI or Anchor IDL: JSON, at most 400 000 bytes. */
  smartContractInterface: string;
  /** Which of them. */
  type: SmartContractInterfaceType;
}

/** What it answers. */
export interface CreateSmartContractInterfaceResult {
  /** Id of the interface. */
  smartContractInterfaceId: string;
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

/** As it travels. */
export interface CreateWebhookEndpointIntent {
  /** Its name. */
  name: string;
  /** What it is told of. */
  subscriptions?: WebhookSubscriptionParams[] | null;
  /** Where events are posted to: https. */
  url: string;
}

/** What it answers. */
export interface CreateWebhookEndpointResult {
  /** Id of the endpoint. */
  endpointId: string;
  /** The endpoint. */
  webhookEndpoint: WebhookEndpointData;
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
export interface DeleteInvitationIntent {
  /** The invitation. */
  invitationId: string;
}

/** What it answers. */
export interface DeleteInvitationResult {
  /** The invitation. */
  invitationId: string;
}

/** As it travels. */
export interface DeleteMfaPolicyIntent {
  /** The MFA policy. */
  mfaPolicyId: string;
  /** The user it binds. */
  userId: string;
}

/** What it answers. */
export interface DeleteMfaPolicyResult {
  /** The MFA policy. */
  mfaPolicyId: string;
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
export interface DeletePoliciesIntent {
  /** The policies, at least one. */
  policyIds: string[];
}

/** What it answers. */
export interface DeletePoliciesResult {
  /** What is gone. */
  policyIds: string[];
}

/** As it travels. */
export interface DeletePolicyIntent {
  /** The policy. */
  policyId: string;
}

/** What it answers. */
export interface DeletePolicyResult {
  /** What is gone. */
  policyId: string;
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
export interface DeleteSecretsIntent {
  /** The secrets. */
  secretIds: string[];
}

/** What it answers. */
export interface DeleteSecretsResult {
  /** The secrets that are gone. */
  secretIds: string[];
}

/** As it travels. */
export interface DeleteSmartContractInterfaceIntent {
  /** Id of the interface. */
  smartContractInterfaceId: string;
}

/** What it answers. */
export interface DeleteSmartContractInterfaceResult {
  /** Id of the interface that is gone. */
  smartContractInterfaceId: string;
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

/** As it travels. */
export interface DeleteWebhookEndpointIntent {
  /** The endpoint. */
  endpointId: string;
}

/** What it answers. */
export interface DeleteWebhookEndpointResult {
  /** Id of the endpoint that is gone. */
  endpointId: string;
}

/** A policy that says something else, or that is on one side only. */
export interface Difference {
  /** What becomes of it as it is drafted; absent where it would be no more. */
  draft?: Outcome | null;
  /** The policy; absent where it is only a draft. */
  policyId?: string | null;
  /** Its name. */
  policyName: string;
  /** What becomes of it as it is; absent where it is only a draft. */
  present?: Outcome | null;
}

/** As it travels: nothing. */
export type DisableAuthProxyIntent = Record<string, unknown>;

/** What it answers: nothing. */
export type DisableAuthProxyResult = Record<string, unknown>;

/** What a policy does where it matches. */
export type Effect = "EFFECT_ALLOW" | "EFFECT_DENY";

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

/** One call. */
export interface EthCall {
  /** Call data, `0x` hex; nothing when absent. */
  data?: string | null;
  /** The receiver, `0x` and 40 digits. */
  to: string;
  /** In wei, decimal; nothing when absent. */
  value?: string | null;
}

export interface EthFailureDetails {
  /** From the outermost call in. */
  revertChain: RevertChainEntry[];
}

/** As it travels. */
export interface EthSendRawTransactionIntent {
  /** The chain. */
  caip2: string;
  /** The transaction, `0x` hex. */
  signedTransaction: string;
}

/** What it answers. */
export interface EthSendRawTransactionResult {
  /** `0x` and 64 digits. */
  transactionHash: string;
}

/** As it travels. */
export interface EthSendTransactionIntentV2 {
  /** The chain. */
  caip2: string;
  /** What is called, in order. More than one is refused. */
  calls: EthCall[];
  /** For sponsored transactions only. */
  deadline?: string | null;
  /** Address of a wallet account or private key. */
  from: string;
  /** Most units of gas to use, decimal; the server estimates when absent. */
  gasLimit?: string | null;
  /** For sponsored transactions only. */
  gasStationNonce?: string | null;
  /** The most a unit of gas may cost, in wei, decimal; the server estimates when absent. */
  maxFeePerGas?: string | null;
  /** The part of that for the block's producer, in wei, decimal; the server estimates when absent. */
  maxPriorityFeePerGas?: string | null;
  /** How many transactions the account sent before, decimal; the server counts when absent. */
  nonce?: string | null;
  /** Whether somebody else pays the fee. Refused. */
  sponsor?: boolean | null;
}

/** What it answers. */
export interface EthSendTransactionResult {
  /** What to ask for what became of it by. */
  sendTransactionStatusId: string;
}

/** What a transaction is known by on a chain with Ethereum's virtual machine. */
export interface EthSendTransactionStatus {
  /** `0x` and 64 digits. */
  txHash: string;
}

/** As it travels. */
export interface EthUndelegate7702Intent {
  /** The chain. */
  caip2: string;
  /** Address of a wallet account or private key. */
  from: string;
  /** Most units of gas to use, decimal; the server estimates when absent. */
  gasLimit?: string | null;
  /** The most a unit of gas may cost, in wei, decimal; the server estimates when absent. */
  maxFeePerGas?: string | null;
  /** The part of that for the block's producer, in wei, decimal; the server estimates when absent. */
  maxPriorityFeePerGas?: string | null;
  /** How many transactions the account sent before, decimal; the server counts when absent. */
  nonce?: string | null;
}

/** What it answers. */
export interface EthUndelegate7702Result {
  /** What to ask for what became of it by. */
  sendTransactionStatusId: string;
}

/** As it travels. */
export interface ExplainActivity {
  /** The activity. */
  activityId: string;
  /** The activity's organization. */
  organizationId: string;
}

/** What it answers. */
export interface ExplainActivityResponse {
  /** The activity. */
  activityId: string;
  /** The policies that said something else after the last vote, or did not exist then, or do no more. */
  changed: ChangedOutcome[];
  /** When it was submitted. */
  createdAt: Timestamp;
  /** What the policies that there are now make of it, at its own instant and with the votes there are on it. */
  explanation: Explanation;
  /** What the policies made of it after each vote. */
  recorded: RecordedEvaluation[];
  /** How it stands. */
  status: ActivityStatus;
  /** `ACTIVITY_TYPE_…`. */
  type: string;
}

/** Where a user stands with its MFA policies. */
export interface ExplainedMfa {
  /** The policy that counts. */
  mfaPolicyId: string;
  /** The places of the steps that are open, from 0. */
  openSteps: number[];
  /** Where the user stands. */
  standing: MfaStandingName;
}

/** What became of a policy, and why. */
export interface ExplainedPolicy {
  /** What its condition came to; absent where it has none. */
  condition?: Clause | null;
  /** What its consensus came to; absent where it has none. */
  consensus?: Clause | null;
  /** Whether it denies the item: because it matches, or because it errs and is to deny then. */
  denies: boolean;
  /** What it does where it matches. */
  effect: Effect;
  /** Why its budget has no room; absent where it has. */
  noRoom?: string | null;
  /** What became of it; absent when the root quorum decided. */
  outcome?: Outcome | null;
  /** The policy. */
  policyId: string;
  /** Its name. */
  policyName: string;
  /** What its time came to; absent where it has none. */
  time?: Clause | null;
}

/** What the profile of a session says of a request. */
export interface ExplainedScope {
  /** Whether it covers every item. */
  isWithin: boolean;
  /** What it came to, for the first item that is outside, or else the first. */
  scope: Clause;
  /** The profile. */
  sessionProfileId: string;
  /** Its name. */
  sessionProfileName: string;
}

/** A decision, and everything it rests on. */
export interface Explanation {
  /** The users whose approvals count, the submitter first. */
  approvedBy: Person[];
  /** Whether the root quorum decided: then policies don't matter. */
  byRootQuorum: boolean;
  /** The users who could still vote for it. */
  couldApprove: Person[];
  /** The item that decided, from 0: what is said of policies is about it. */
  item: number;
  /** How many items it has: transactions or secrets that are judged one by one. */
  items: number;
  /** Where the submitter stands with its MFA policies, where one of them is about it. */
  mfa?: ExplainedMfa | null;
  /** All policies, in the order they were made. */
  policies: ExplainedPolicy[];
  /** What the profile of the submitter's session says of it, where it has one. */
  scope?: ExplainedScope | null;
  /** What becomes of the request. */
  verdict: Verdict;
}

/** As it travels. */
export interface ExportPrivateKeyIntent {
  /** The private key. */
  privateKeyId: string;
  /** Key of the client that it is sealed to: P-256, SEC1, hex. */
  targetPublicKey: string;
}

/** What it answers. */
export interface ExportPrivateKeyResult {
  /** Its 32 bytes, sealed and signed. */
  exportBundle: string;
  /** The private key. */
  privateKeyId: string;
}

/** A secret to be handed out. */
export interface ExportSecretParams {
  /** How it is sealed. */
  encryptionSuite: TransportEncryptionSuite;
  /** The secret. */
  secretId: string;
  /** Key of the client that it is sealed to: P-256, SEC1, hex. */
  targetPublicKey: string;
}

/** As it travels. */
export interface ExportSecretsIntent {
  /** The secrets: 1 to 32. */
  secrets: ExportSecretParams[];
}

/** What it answers. */
export interface ExportSecretsResult {
  /** The secrets, sealed and signed, in order. */
  secretPayloads: string[];
}

/** As it travels. */
export interface ExportWalletAccountIntent {
  /** Address of the account. */
  address: string;
  /** Key of the client that it is sealed to: P-256, SEC1, hex. */
  targetPublicKey: string;
}

/** What it answers. */
export interface ExportWalletAccountResult {
  /** Address of the account. */
  address: string;
  /** The 32 bytes of its key, sealed and signed. */
  exportBundle: string;
}

/** As it travels. */
export interface ExportWalletIntent {
  /** The language of its mnemonic; English when absent. A mnemonic is not translated. */
  language?: MnemonicLanguage | null;
  /** Key of the client that it is sealed to: P-256, SEC1, hex. */
  targetPublicKey: string;
  /** The wallet. */
  walletId: string;
}

/** What it answers. */
export interface ExportWalletResult {
  /** The mnemonic, sealed and signed; a passphrase follows in a second line. */
  exportBundle: string;
  /** The wallet. */
  walletId: string;
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

/** An activity that would end otherwise. */
export interface Flip {
  /** The activity. */
  activityId: string;
  /** The policies that make the difference. */
  because: Difference[];
  /** When it was submitted. */
  createdAt: Timestamp;
  /** What the drafts say of it. */
  draft: Verdict;
  /** What the policies that there are say of it now. */
  now: Verdict;
  /** How it stands. */
  status: ActivityStatus;
  /** `ACTIVITY_TYPE_…`. */
  type: string;
}

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

/** As it travels: of a policy, or of a session profile and a user. */
export interface GetBudget {
  /** The organization of the policy, or of the user. */
  organizationId: string;
  /** The policy. */
  policyId?: string | null;
  /** The session profile. */
  sessionProfileId?: string | null;
  /** The user whose sessions have that profile. */
  userId?: string | null;
}

/** What it answers. */
export interface GetBudgetResponse {
  /** Each asset that it limits. */
  assets: AssetSpent[];
  /** The budget. */
  budget: BudgetParams;
  /** Recipients that count now. */
  counterparties: number;
  /** How many more there may be now; absent where they are not limited. */
  counterpartiesLeft?: number | null;
  /** Signatures that count now, decimal. */
  signatures: string;
  /** How many more there may be now, decimal; absent where they are not limited. */
  signaturesLeft?: string | null;
}

/** As it travels. */
export interface GetGasUsage {
  /** The organization. */
  organizationId: string;
}

/** What it answers. */
export interface GetGasUsageResponse {
  /** What was spent in it, in US dollars. */
  usageUsd: string;
  /** Length of the window, in minutes. */
  windowDurationMinutes: number;
  /** The most that may be spent in it, in US dollars. */
  windowLimitUsd: string;
}

/** As it travels. */
export interface GetIpAllowlist {
  /** The organization. */
  organizationId: string;
  /** The API key whose list it is; the organization's own when absent. */
  publicKey?: string | null;
}

/** What it answers. */
export interface GetIpAllowlistResponse {
  /** The list; one without rules where there is none. */
  allowlist: IpAllowlist;
}

/** As it travels. */
export interface GetMfaPolicies {
  /** The organization. */
  organizationId: string;
  /** The user they bind. */
  userId: string;
}

/** What it answers. */
export interface GetMfaPoliciesResponse {
  /** In the order they were made. */
  mfaPolicies: MfaPolicy[];
}

/** As it travels. */
export interface GetMfaPolicy {
  /** The MFA policy. */
  mfaPolicyId: string;
  /** The organization. */
  organizationId: string;
  /** The user it binds. */
  userId: string;
}

/** What it answers. */
export interface GetMfaPolicyResponse {
  /** The MFA policy. */
  mfaPolicy: MfaPolicy;
}

/** As it travels. */
export interface GetMfaStatus {
  /** The activity. */
  activityId: string;
  /** The activity's organization. */
  organizationId: string;
  /** The user; everybody who voted when absent. */
  userId?: string | null;
}

/** What it answers. */
export interface GetMfaStatusResponse {
  /** Of each user the policy that is enforced; nothing of users for whom none is. */
  mfaStatuses: MfaStatus[];
}

/** As it travels. */
export interface GetNonces {
  /** Any account of the chain. */
  address: string;
  /** A chain with Ethereum's virtual machine. */
  caip2: string;
  /** Whether to ask for the nonce of a delegate contract that sponsors transactions. Refused. */
  gasStationNonce?: boolean | null;
  /** Whether to ask for the number of the account's next transaction. */
  nonce?: boolean | null;
  /** The organization. */
  organizationId: string;
}

/** What it answers: what was asked for. */
export interface GetNoncesResponse {
  /** Decimal. */
  gasStationNonce?: string | null;
  /** Decimal; those that wait to be included are counted. */
  nonce?: string | null;
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
export interface GetPolicy {
  /** The organization. */
  organizationId: string;
  /** The policy. */
  policyId: string;
}

/** As it travels. */
export interface GetPolicyEvaluations {
  /** The activity. */
  activityId: string;
  /** The organization. */
  organizationId: string;
}

/** What it answers. */
export interface GetPolicyEvaluationsResponse {
  /** One for each vote that the policies were asked for, oldest first. */
  policyEvaluations: ActivityPolicyEvaluation[];
}

/** What it answers. */
export interface GetPolicyResponse {
  /** The policy. */
  policy: Policy;
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
export interface GetSendTransactionStatus {
  /** The organization. */
  organizationId: string;
  /** What the activity that sent it answered. */
  sendTransactionStatusId: string;
}

/** What it answers. */
export interface GetSendTransactionStatusResponse {
  /** The same, and more of it. */
  error?: TxError | null;
  /** What it is known by on a chain with Ethereum's virtual machine. */
  eth?: EthSendTransactionStatus | null;
  /** What it is known by on Solana. */
  solana?: SolanaSendTransactionStatus | null;
  /** Why it failed, or did not do what it was for. */
  txError?: string | null;
  /** How far it has come. */
  txStatus: TxStatus;
}

/** As it travels. */
export interface GetSessionProfile {
  /** The organization, or a sub-organization of it. */
  organizationId: string;
  /** The session profile. */
  sessionProfileId: string;
}

/** What it answers. */
export interface GetSessionProfileResponse {
  /** The session profile. */
  sessionProfile: SessionProfile;
}

/** As it travels. */
export interface GetSessionProfiles {
  /** The organization, or a sub-organization of it. */
  organizationId: string;
}

/** What it answers. */
export interface GetSessionProfilesResponse {
  /** In the order they were made. */
  sessionProfiles: SessionProfile[];
}

/** As it travels. */
export interface GetSmartContractInterface {
  /** The organization. */
  organizationId: string;
  /** Id of the interface. */
  smartContractInterfaceId: string;
}

/** What it answers. */
export interface GetSmartContractInterfaceResponse {
  /** The interface. */
  smartContractInterface: SmartContractInterface;
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

/** As it travels. */
export interface GetWalletAddressBalances {
  /** Address of one of its wallet accounts. */
  address: string;
  /** The chain. */
  caip2: string;
  /** The organization. */
  organizationId: string;
}

/** What it answers. */
export interface GetWalletAddressBalancesResponse {
  /** Those that are not zero. */
  balances: AssetBalance[];
}

/** What it answers. */
export interface GetWalletResponse {
  /** The wallet. */
  wallet: Wallet;
}

/** What is done to a payload before it is signed. */
export type HashFunction = "HASH_FUNCTION_NO_OP" | "HASH_FUNCTION_SHA256" | "HASH_FUNCTION_KECCAK256" | "HASH_FUNCTION_NOT_APPLICABLE";

/** As it travels. */
export interface ImportPrivateKeyIntent {
  /** Addresses it is to have; may be empty. */
  addressFormats: AddressFormat[];
  /** Its curve. */
  curve: Curve;
  /** The key, 32 bytes, sealed to the key of an import bundle. */
  encryptedBundle: string;
  /** Its name, unique in the organization. */
  privateKeyName: string;
  /** The user that imports: whoever asks. */
  userId: string;
}

/** What it answers. */
export interface ImportPrivateKeyResult {
  /** Its addresses, in the order they were asked for. */
  addresses: Address[];
  /** The private key. */
  privateKeyId: string;
}

/** A secret to be taken in. */
export interface ImportSecretParams {
  /** How it is sealed. */
  encryptionSuite: TransportEncryptionSuite;
  /** Its name, unique in the organization. */
  name?: string | null;
  /** The secret, sealed: at most 64 KiB. */
  secretPayload: string;
  /** What policies see of it; never changes. */
  staticProperties?: KeyValue[];
  /** The key that it is sealed to: P-256, SEC1, hex. */
  targetPublicKey: string;
}

/** As it travels. */
export interface ImportSecretsIntent {
  /** The secrets: 1 to 32. */
  secrets: ImportSecretParams[];
}

/** What it answers. */
export interface ImportSecretsResult {
  /** In order. */
  secretIds: string[];
}

/** As it travels. */
export interface ImportWalletIntent {
  /** Accounts to derive at once; may be empty. */
  accounts: WalletAccountParams[];
  /** The mnemonic, sealed to the key of an import bundle; a passphrase may follow in a second line. */
  encryptedBundle: string;
  /** The user that imports: whoever asks. */
  userId: string;
  /** Its name, unique in the organization. */
  walletName: string;
}

/** As it travels. */
export interface InitImportPrivateKeyIntent {
  /** The user that imports: whoever asks. */
  userId: string;
}

/** What it answers. */
export interface InitImportPrivateKeyResult {
  /** The key to seal to, signed; good for a day and one import. */
  importBundle: string;
}

/** As it travels. */
export interface InitImportSecretsIntent {
  /** How they will be sealed. */
  encryptionSuite: TransportEncryptionSuite;
  /** How many keys: 1 to 32. */
  numSecrets: number;
}

/** What it answers. */
export interface InitImportSecretsResult {
  /** The keys to seal to, signed; each good for a day and one secret. */
  enclaveTargetMessages: string[];
}

/** As it travels. */
export interface InitImportWalletIntent {
  /** The user that imports: whoever asks. */
  userId: string;
}

/** What it answers. */
export interface InitImportWalletResult {
  /** The key to seal to, signed; good for a day and one import. */
  importBundle: string;
}

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

/** Somebody who was asked to join. */
export interface Invitation {
  accessType: AccessType;
  createdAt: Timestamp;
  invitationId: string;
  receiverEmail: string;
  receiverUserName: string;
  /** Ids of the tags. */
  receiverUserTags: string[];
  senderUserId: string;
  status: InvitationStatus;
  updatedAt: Timestamp;
}

/** Somebody to be invited. */
export interface InvitationParams {
  /** How the user may come in. */
  accessType: AccessType;
  /** Where the invitation goes. */
  receiverUserEmail: string;
  /** The name the user is to have. */
  receiverUserName: string;
  /** Ids of the tags that the user is to carry. */
  receiverUserTags: string[];
  /** Who invites: the user that asks for this. */
  senderUserId: string;
}

/** What became of an invitation. */
export type InvitationStatus = "INVITATION_STATUS_CREATED" | "INVITATION_STATUS_ACCEPTED" | "INVITATION_STATUS_REVOKED";

/** From where requests may come. */
export interface IpAllowlist {
  enabled?: boolean | null;
  /** `ALLOW` or `DENY`: what becomes of requests from an address that can't be told. */
  onEvaluationError?: string | null;
  organizationId: string;
  /** The API key that it is for; absent for all of the organization. */
  publicKey?: string | null;
  rules: IpAllowlistRule[];
}

/** A block to let in. */
export interface IpAllowlistIntentRule {
  /** Such as `192.0.2.0/24`; at most /20 wide, /48 for IPv6. */
  cidr: string;
  label?: string | null;
}

/** A block that is let in. */
export interface IpAllowlistRule {
  /** Normalized to its network address. */
  cidr: string;
  /** Milliseconds since the Unix epoch, decimal. */
  createdAt?: string | null;
  label?: string | null;
}

/** A property and its value. */
export interface KeyValue {
  key?: string | null;
  value?: string | null;
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
export interface ListPolicies {
  /** The organization. */
  organizationId: string;
}

/** What it answers. */
export interface ListPoliciesResponse {
  /** The policies, in the order they were made. */
  policies: Policy[];
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
export interface ListSecrets {
  /** The organization. */
  organizationId: string;
  /** Which page. */
  paginationOptions?: Pagination | null;
}

/** What it answers. */
export interface ListSecretsResponse {
  /** Newest first. */
  secrets: SecretMetadata[];
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
export interface ListSmartContractInterfaces {
  /** The organization. */
  organizationId: string;
}

/** What it answers. */
export interface ListSmartContractInterfacesResponse {
  /** In the order they were made. */
  smartContractInterfaces: SmartContractInterface[];
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
export interface ListSupportedAssets {
  /** The chain. */
  caip2: string;
  /** The organization. */
  organizationId: string;
}

/** What it answers. */
export interface ListSupportedAssetsResponse {
  /** The chain's own coin first, then the tokens in the operator's order. */
  assets: AssetMetadata[];
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
export interface ListWebhookDeliveries {
  /** The endpoint. */
  endpointId: string;
  /** The organization that the endpoint is of. */
  organizationId: string;
  /** Which page, by the ids of deliveries. */
  paginationOptions?: Pagination | null;
}

/** What it answers. */
export interface ListWebhookDeliveriesResponse {
  /** Newest first. The newest hundred of the last thirty days are kept. */
  webhookDeliveries: WebhookDelivery[];
}

/** As it travels. */
export interface ListWebhookEndpoints {
  /** The organization. */
  organizationId: string;
}

/** What it answers. */
export interface ListWebhookEndpointsResponse {
  /** In the order they were made. */
  webhookEndpoints: WebhookEndpointData[];
}

/** When a user must show several factors. */
export interface MfaPolicy {
  condition: string;
  createdAt: Timestamp;
  mfaPolicyId: string;
  mfaPolicyName: string;
  notes?: string | null;
  /** The lowest comes first. */
  order: number;
  requiredAuthenticationMethods: RequiredAuthenticationMethod[];
  updatedAt: Timestamp;
}

/** Where a user stands with an MFA policy. */
export type MfaStandingName = "MFA_STANDING_SATISFIED" | "MFA_STANDING_OPEN" | "MFA_STANDING_BLOCKED";

/** How far a user is with the factors that an activity takes. */
export interface MfaStatus {
  mfaPolicyId: string;
  requiredMethods: RequiredAuthenticationMethod[];
  satisfied: boolean;
  /** What the user has shown, whether it was asked for or not. */
  satisfiedMethods: AuthenticationMethod[];
  userId: string;
}

/** The word list of a mnemonic. Source: BIP-39. */
export type MnemonicLanguage = "MNEMONIC_LANGUAGE_ENGLISH" | "MNEMONIC_LANGUAGE_SIMPLIFIED_CHINESE" | "MNEMONIC_LANGUAGE_TRADITIONAL_CHINESE" | "MNEMONIC_LANGUAGE_CZECH" | "MNEMONIC_LANGUAGE_FRENCH" | "MNEMONIC_LANGUAGE_ITALIAN" | "MNEMONIC_LANGUAGE_JAPANESE" | "MNEMONIC_LANGUAGE_KOREAN" | "MNEMONIC_LANGUAGE_SPANISH";

export interface NativeRevertError {
  message?: string | null;
  /** `error_string`, `panic` or `execution_reverted`. */
  nativeType: string;
  /** `0x` hex. */
  panicCode?: string | null;
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
  /** Who was asked to join. */
  invitations: Invitation[];
  /** Its name. */
  name: string;
  /** Its id. */
  organizationId: string;
  /** Its policies. */
  policies: Policy[];
  /** Its private keys. */
  privateKeys: PrivateKey[];
  /** Its root users and how many of them decide together. */
  rootQuorum: Quorum;
  /** How calls of contracts are read, in short. */
  smartContractInterfaceReferences: SmartContractInterfaceReference[];
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

/** What became of a policy in a decision. */
export type Outcome = "OUTCOME_ALLOW" | "OUTCOME_DENY_EXPLICIT" | "OUTCOME_DENY_IMPLICIT" | "OUTCOME_REQUIRES_CONSENSUS" | "OUTCOME_REJECTED" | "OUTCOME_ERROR" | "OUTCOME_REQUIRES_AUTHENTICATORS" | "OUTCOME_TIME_INACTIVE";

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

/** A user. */
export interface Person {
  /** The user. */
  userId: string;
  /** Its name; empty when it is there no more. */
  userName: string;
}

/** A policy. */
export interface Policy {
  /** Beyond the protocol: what it lets through in a while. */
  budget?: BudgetParams | null;
  /** What it is about, as it was written; empty for everything. */
  condition: string;
  /** Who, as it was written; empty for everybody. */
  consensus: string;
  /** When it was made. */
  createdAt: Timestamp;
  /** What it does where it matches. */
  effect: Effect;
  /** For people. */
  notes: string;
  /** Beyond the protocol: `ON_ERROR_DENY` where a policy that denies denies also where it errs. */
  onError?: string | null;
  /** Its id. */
  policyId: string;
  /** Its name. */
  policyName: string;
  /** When, as it was written; absent for always. */
  time?: string | null;
  /** When it was last changed. */
  updatedAt: Timestamp;
}

/** A policy as it could be made. */
export interface PolicyDraft {
  /** What it lets through in a while; only of a policy that allows. */
  budget?: BudgetParams | null;
  /** What it is about; everything when absent. */
  condition?: string | null;
  /** Who; everybody when absent. */
  consensus?: string | null;
  /** What it does where it matches. */
  effect: Effect;
  /** `ON_ERROR_DENY` has a policy that denies deny also where it errs. */
  onError?: string | null;
  /** Its name. A draft takes the place of the policy that is called the same. */
  policyName?: string | null;
  /** When; always when absent or empty. */
  time?: string | null;
}

/** What became of a policy. */
export interface PolicyEvaluation {
  /** What became of it. */
  outcome: Outcome;
  /** The policy. */
  policyId: string;
}

/** Something odd about a policy that was made all the same. */
export interface PolicyWarning {
  /** What kind of thing: words joined by hyphens, always the same. */
  code: string;
  /** Where in it: the column in characters, from 1. */
  column?: number | null;
  /** Where in it: the line, from 1. */
  line?: number | null;
  /** `condition`, `consensus` or `time`. */
  member: string;
  /** What it is, and what would help. */
  message: string;
}

/** Whether something can be done. */
export type Possibility = "POSSIBILITY_YES" | "POSSIBILITY_NO" | "POSSIBILITY_UNKNOWN";

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

/** What the policies made of an activity after one vote. */
export interface RecordedEvaluation {
  /** When. */
  createdAt: Timestamp;
  /** Each policy. */
  policies: RecordedOutcome[];
  /** The vote. */
  voteId: string;
}

/** What became of a policy. */
export interface RecordedOutcome {
  /** What became of it. */
  outcome: Outcome;
  /** The policy. */
  policyId: string;
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
export interface RejectActivityIntent {
  /** Of the activity: `sha256:` and hex. */
  fingerprint: string;
}

/** Nothing of its own: what is answered is the activity that it votes on. */
export type RejectActivityResult = Record<string, unknown>;

/** As it travels. */
export interface RemoveIpAllowlistIntent {
  /** The API key whose list goes; the organization's own when absent. */
  publicKey?: string | null;
}

/** What it answers. */
export type RemoveIpAllowlistResult = Record<string, unknown>;

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

/** Against what drafts are tried. */
export type ReplayMode = "REPLAY_MODE_ADD" | "REPLAY_MODE_REPLACE";

/** As it travels. */
export interface ReplayPolicy {
  /** Only activities that were submitted after this instant: seconds since the Unix epoch, decimal. */
  createdAfter?: string | null;
  /** Only activities of these types, `ACTIVITY_TYPE_…`; all when absent or empty. */
  filterByType?: string[] | null;
  /** How many of the newest activities are tried, decimal: up to 100000; 1000 when absent. */
  last?: string | null;
  /** Whether they come to the policies that there are, or take the place of all of them; the first when absent. */
  mode?: ReplayMode | null;
  /** The organization whose policies they would be. */
  organizationId: string;
  /** The drafts. */
  policies: PolicyDraft[];
}

/** What it answers. */
export interface ReplayPolicyResponse {
  /** How many would end otherwise. */
  flipped: number;
  /** Those that would, newest first, at most a thousand. */
  flips: Flip[];
  /** Activities that were decided on. */
  replayed: number;
  /** Activities that were not: what they are about is gone, or other policies decide on them. */
  skipped: number;
}

/** A step of an MFA policy: one of these factors. */
export interface RequiredAuthenticationMethod {
  any: AuthenticationMethod[];
}

/** What policies say an activity is about: `activity.resource`. Source: policy language §13. */
export type Resource = "AUTH" | "AUTH_PROXY" | "CONFIG" | "CREDENTIAL" | "FIAT_TRANSACTION" | "INVITATION" | "MFA_POLICY" | "ON_RAMP_CREDENTIALS" | "ORGANIZATION" | "OTP" | "PAYMENT_METHOD" | "POLICY" | "PRIVATE_KEY" | "RECOVERY" | "SECRET" | "SESSION_PROFILE" | "SMART_CONTRACT_INTERFACE" | "SPONSORSHIP" | "SUBSCRIPTION" | "TVC_APP" | "TVC_DEPLOYMENT" | "TVC_OPERATOR" | "TVC_QUORUM_KEY" | "USER" | "WALLET" | "WEBHOOK_ENDPOINT";

/** What a contract said when it gave up. One of the last three members is there, the one that `errorType` names. */
export interface RevertChainEntry {
  /** The contract. */
  address: string;
  displayMessage: string;
  /** `unknown` or `native`. */
  errorType: string;
  native?: NativeRevertError | null;
  unknown?: UnknownRevertError | null;
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

/** What is known of a secret that is kept. */
export interface SecretMetadata {
  /** Milliseconds since 1970, decimal. */
  createdAtUnixMs: string;
  name?: string | null;
  secretId: string;
  /** What policies see of it. */
  staticProperties: KeyValue[];
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
  /** The session profile that it is limited to. */
  sessionProfileId?: string | null;
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

/** What sessions may be limited to. */
export interface SessionProfile {
  /** Beyond the protocol: what each user may do in a while, with all its sessions of this profile together. */
  budget?: BudgetParams | null;
  createdAt: Timestamp;
  /** Longest life of its sessions: seconds, decimal. */
  expirationSeconds?: string | null;
  notes?: string | null;
  /** A condition in the language of policies. */
  scope: string;
  sessionProfileId: string;
  sessionProfileName: string;
  /** Always the same: profiles never change. */
  updatedAt: Timestamp;
}

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

/** As it travels. What is absent stays as it is. */
export interface SetIpAllowlistIntent {
  /** Whether it is enforced; a new list is. A key's list counts only while the organization's is enforced. */
  enabled?: boolean | null;
  /** What becomes of requests from an address that can't be told: `ALLOW` or `DENY`; `DENY` of a new list. */
  onEvaluationError?: string | null;
  /** For requests with this API key alone; for all of the organization's users when absent. */
  publicKey?: string | null;
  /** All of its blocks. */
  rules?: IpAllowlistIntentRule[] | null;
}

/** What it answers. */
export type SetIpAllowlistResult = Record<string, unknown>;

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
export interface SetPolicySettingsIntent {
  /** Whether every policy that denies also denies where it errs. */
  denyOnError: boolean;
}

/** What it answers. */
export interface SetPolicySettingsResult {
  /** As it is from now on. */
  denyOnError: boolean;
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

/** How calls of a contract are read. */
export interface SmartContractInterface {
  createdAt: Timestamp;
  label: string;
  notes: string;
  organizationId: string;
  smartContractAddress: string;
  /** JSON: an ABI or an IDL. */
  smartContractInterface: string;
  smartContractInterfaceId: string;
  type: SmartContractInterfaceType;
  /** Equal to `createdAt`: it never changes. */
  updatedAt: Timestamp;
}

/** An interface in short. */
export interface SmartContractInterfaceReference {
  /** SHA-256 of the interface, lower-case hex. */
  digest: string;
  smartContractAddress: string;
  smartContractInterfaceId: string;
}

/** The chain whose contracts an interface is for. */
export type SmartContractInterfaceType = "SMART_CONTRACT_INTERFACE_TYPE_ETHEREUM" | "SMART_CONTRACT_INTERFACE_TYPE_SOLANA";

/** The text of an SMS. */
export interface SmsCustomizationParams {
  /** With `{{.OtpCode}}`. */
  template?: string | null;
}

/** As it travels. */
export interface SolSendTransactionIntentV2 {
  /** The chain. */
  caip2: string;
  /**
   * The hash of the block that the transaction is to name, in base58; when absent, the one that it names, or the
   * latest where it names none.
   */
  recentBlockhash?: string | null;
  /** Addresses of wallet accounts or private keys, 1 to 16. */
  signWiths: string[];
  /** Whether somebody else pays the fee. Refused. */
  sponsor?: boolean | null;
  /** The whole transaction with places for its signatures, hex or base64. */
  unsignedTransaction: string;
}

/** What it answers. */
export interface SolSendTransactionResult {
  /** What to ask for what became of it by. */
  sendTransactionStatusId: string;
}

export interface SolanaFailureDetails {
  logs?: string[];
  rpcCode?: number | null;
  rpcMessage?: string | null;
  /** `preflight` or `execution`. */
  source: string;
  transactionErrorJson?: string | null;
  unitsConsumed?: string | null;
}

/** What a transaction is known by on Solana. */
export interface SolanaSendTransactionStatus {
  /** In base58. */
  signature: string;
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

/** A token of an Ethereum chain. */
export interface TokenParams {
  /** CAIP-2. */
  chain: string;
  /** The address of its contract. */
  contract: string;
}

/** The chain an unsigned transaction is for. */
export type TransactionType = "TRANSACTION_TYPE_ETHEREUM" | "TRANSACTION_TYPE_SOLANA" | "TRANSACTION_TYPE_TRON" | "TRANSACTION_TYPE_BITCOIN" | "TRANSACTION_TYPE_TEMPO";

/** How secrets are sealed on their way. */
export type TransportEncryptionSuite = "TRANSPORT_ENCRYPTION_SUITE_ENCLAVE_ENCRYPT_V1";

/** Why a transaction failed, or did not do what it was for. */
export interface TxError {
  eth?: EthFailureDetails | null;
  message: string;
  /** The same as in `eth`, for older clients. */
  revertChain?: RevertChainEntry[];
  solana?: SolanaFailureDetails | null;
}

/** How far a transaction has come. */
export type TxStatus = "INITIALIZED" | "BROADCASTING" | "INCLUDED" | "FAILED";

export interface UnknownRevertError {
  /** `0x` hex. */
  data: string;
  /** `0x` and 8 digits; empty where the data is shorter. */
  selector: string;
}

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

/** As it travels. What is absent stays as it is. */
export interface UpdateMfaPolicyIntent {
  /** What it is about, in the language of policies. */
  condition?: string | null;
  /** The MFA policy. */
  mfaPolicyId: string;
  /** Its name, unique among the user's. */
  mfaPolicyName?: string | null;
  /** For people. */
  notes?: string | null;
  /** The lowest comes first. */
  order?: number | null;
  /** Steps, in any order: one method of each. An empty list counts as absent. */
  requiredAuthenticationMethods?: RequiredAuthenticationMethod[] | null;
  /** The user it binds. */
  userId: string;
}

/** What it answers. */
export interface UpdateMfaPolicyResult {
  /** The MFA policy. */
  mfaPolicyId: string;
  /** Beyond the protocol: what is odd about it, such as that it locks its user out. */
  warnings?: PolicyWarning[];
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

/** As it travels. What is absent stays as it is. */
export interface UpdatePolicyIntentV2 {
  /** Beyond the protocol: what it lets through in a while. What was taken stays taken. */
  budget?: BudgetParams | null;
  /** Beyond the protocol: `ON_ERROR_DENY` or `ON_ERROR_SKIP`. */
  onError?: string | null;
  /** What it is about. */
  policyCondition?: string | null;
  /** Who. */
  policyConsensus?: string | null;
  /** What it does where it matches. */
  policyEffect?: Effect | null;
  /** The policy. */
  policyId: string;
  /** Its name. */
  policyName?: string | null;
  /** For people. */
  policyNotes?: string | null;
  /** Beyond the protocol: takes its budget away. */
  removeBudget?: boolean | null;
  /** When; empty for always. */
  time?: string | null;
}

/** What it answers. */
export interface UpdatePolicyResult {
  /** The policy. */
  policyId: string;
  /** Beyond the protocol: what is odd about it. */
  warnings?: PolicyWarning[];
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

/** As it travels. What is absent stays as it is. */
export interface UpdateWebhookEndpointIntent {
  /** The endpoint. */
  endpointId: string;
  /** Whether it is told of anything. */
  isActive?: boolean | null;
  /** Its name. */
  name?: string | null;
  /** Where events are posted to: https. */
  url?: string | null;
}

/** What it answers. */
export interface UpdateWebhookEndpointResult {
  /** Id of the endpoint. */
  endpointId: string;
  /** The endpoint as it is now. */
  webhookEndpoint: WebhookEndpointData;
}

export interface User {
  apiKeys: ApiKey[];
  authenticators: Authenticator[];
  createdAt: Timestamp;
  mfaPolicies: MfaPolicy[];
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

/** What is to become of a request. */
export type Verdict = "VERDICT_ALLOW" | "VERDICT_WAIT" | "VERDICT_DENY";

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

/** A way to do it. */
export interface Way {
  /** `ACTIVITY_TYPE_…`. */
  activityType: string;
  /** An instant at which it can be done. */
  at: Timestamp;
  /** The policies that allow it; none where it is about the submitter's own credentials. */
  policyIds: string[];
  /** Who has to approve; the first one submits. */
  userIds: string[];
  /** What the request has to say, as far as those policies look at it. */
  values: WayValue[];
}

/** A value that a request has to have. */
export interface WayValue {
  /** As a condition names it: `eth.tx.to`. */
  name: string;
  /** As a condition writes it. */
  value: string;
}

/** An event that was sent to an endpoint, or is to be. */
export interface WebhookDelivery {
  /** How often it was tried. */
  attempts: number;
  /** When it happened. */
  createdAt: Timestamp;
  /** When it arrived. */
  deliveredAt?: Timestamp | null;
  /** Its id. */
  deliveryId: string;
  /** The event, as in `X-Turnkey-Event-Id`. */
  eventId: string;
  /** What it is about. */
  eventType: string;
  /** When it was last tried. */
  lastAttemptAt?: Timestamp | null;
  /** Why the last try got no answer. */
  lastError?: string | null;
  /** HTTP status of the last answer; absent when the last try got none. */
  lastHttpStatus?: number | null;
  /** When it is tried next, or a little later; of one that is pending. */
  nextAttemptAt?: Timestamp | null;
  /** The organization that it happened in. */
  organizationId: string;
  /** Where it stands. */
  status: WebhookDeliveryStatus;
}

/** Where a delivery to a webhook endpoint stands. */
export type WebhookDeliveryStatus = "WEBHOOK_DELIVERY_STATUS_PENDING" | "WEBHOOK_DELIVERY_STATUS_DELIVERED" | "WEBHOOK_DELIVERY_STATUS_FAILED";

/** A URL that is told of events. */
export interface WebhookEndpointData {
  endpointId: string;
  isActive: boolean;
  name: string;
  organizationId: string;
  subscriptions?: WebhookSubscriptionParams[] | null;
  url: string;
}

/** A kind of event that an endpoint is told of. */
export interface WebhookSubscriptionParams {
  /** `ACTIVITY_UPDATES` or `SEND_TRANSACTION_STATUS_UPDATES`. */
  eventType: string;
  /** JSON; no filter is known, so it must be absent or an empty object. */
  filtersJson?: string | null;
  /** Absent means that it is. */
  isActive?: boolean | null;
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
