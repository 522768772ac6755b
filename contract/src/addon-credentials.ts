/**
 * Where an addon answers its clients, as observed. `externalHost`: by which address its machine reaches it, where `host`
 * is a name of the project's network. `ca`: the certificate authority to trust; there when connections are encrypted.
 */
export type AddonAddress = { host: string; port: number; externalHost?: string; ca?: string }

/** What an addon was set up with. */
export type AddonLogin = { database: string; username: string; password: string; adminPassword: string }

/** Connection details by Northflank's key names. `envs` may be shown; `secrets` only to those who may read them. */
export type AddonCredentials = { envs: Record<string, string>; secrets: Record<string, string> }

/** The connection details of one addon. Unknown types have an address only. */
export function addonCredentials(type: string, address: AddonAddress, login: AddonLogin): AddonCredentials {
  const envs = {
    HOST: address.host,
    PORT: String(address.port),
    ...(address.ca !== undefined && { CA_CERT: address.ca }),
  }
  if (type === 'postgresql') return postgresql(envs, address, login)
  return type === 'redis' ? redis(envs, address, login) : { envs, secrets: {} }
}

/**
 * The same for a person at the addon's machine, who is not in the project's network. Its address may change with each
 * start, so what is deployed does not get it.
 */
export function withExternalHost(
  { envs, secrets }: AddonCredentials,
  { externalHost }: AddonAddress,
): AddonCredentials {
  return { envs: { ...envs, ...(externalHost !== undefined && { EXTERNAL_HOST: externalHost }) }, secrets }
}

function postgresql(
  base: Record<string, string>,
  address: AddonAddress,
  login: AddonLogin,
): AddonCredentials {
  const isEncrypted = address.ca !== undefined
  // Stricter modes need the authority in a file, whose path only the client knows.
  const mode = isEncrypted ? '?sslmode=require' : ''
  const uri = (user: string, password: string): string =>
    `postgresql://${user}:${encodeURIComponent(password)}@${address.host}:${address.port}/${login.database}${mode}`
  return {
    envs: {
      ...base,
      ...(isEncrypted && { SSLMODE: 'require' }),
      DATABASE: login.database,
      USERNAME: login.username,
      ADMIN_USERNAME: 'postgres',
    },
    secrets: {
      PASSWORD: login.password,
      ADMIN_PASSWORD: login.adminPassword,
      POSTGRES_URI: uri(login.username, login.password),
      POSTGRES_URI_ADMIN: uri('postgres', login.adminPassword),
    },
  }
}

/** Applications are the server's default user: many clients know a password only. */
function redis(base: Record<string, string>, address: AddonAddress, login: AddonLogin): AddonCredentials {
  const scheme = address.ca === undefined ? 'redis' : 'rediss'
  const url = (user: string, password: string): string =>
    `${scheme}://${user}:${encodeURIComponent(password)}@${address.host}:${address.port}`
  return {
    envs: { ...base, USERNAME: 'default', ADMIN_USERNAME: 'admin' },
    secrets: {
      PASSWORD: login.password,
      ADMIN_PASSWORD: login.adminPassword,
      REDIS_MASTER_URL: url('default', login.password),
      REDIS_MASTER_URL_ADMIN: url('admin', login.adminPassword),
    },
  }
}
