/** Where an addon answers, as observed, and what it was set up with. */
export type AddonAddress = { host: string; port: number }
export type AddonLogin = { database: string; username: string; password: string; adminPassword: string }

/** Connection details by Northflank's key names. `envs` may be shown; `secrets` only to those who may read them. */
export type AddonCredentials = { envs: Record<string, string>; secrets: Record<string, string> }

/** The connection details of one addon. Unknown types have an address only. */
export function addonCredentials(type: string, address: AddonAddress, login: AddonLogin): AddonCredentials {
  const envs = { HOST: address.host, PORT: String(address.port) }
  return type === 'postgresql' ? postgresql(envs, address, login) : { envs, secrets: {} }
}

function postgresql(
  base: Record<string, string>,
  address: AddonAddress,
  login: AddonLogin,
): AddonCredentials {
  const uri = (user: string, password: string): string =>
    `postgresql://${user}:${encodeURIComponent(password)}@${address.host}:${address.port}/${login.database}`
  return {
    envs: { ...base, DATABASE: login.database, USERNAME: login.username, ADMIN_USERNAME: 'postgres' },
    secrets: {
      PASSWORD: login.password,
      ADMIN_PASSWORD: login.adminPassword,
      POSTGRES_URI: uri(login.username, login.password),
      POSTGRES_URI_ADMIN: uri('postgres', login.adminPassword),
    },
  }
}
