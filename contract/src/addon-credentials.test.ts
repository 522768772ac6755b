import { expect, test } from 'vitest'
import { addonCredentials, withExternalHost } from './addon-credentials.ts'

const login = { database: 'shop', username: 'shopper', password: 'p/w', adminPassword: 'a d' }
const address = { host: 'db.addon', port: 5432, externalHost: '172.20.0.2' }

test('an unencrypted PostgreSQL has plain links', () => {
  const { envs, secrets } = addonCredentials('postgresql', address, login)
  expect(envs).toEqual({
    HOST: 'db.addon',
    PORT: '5432',
    DATABASE: 'shop',
    USERNAME: 'shopper',
    ADMIN_USERNAME: 'postgres',
  })
  expect(secrets.POSTGRES_URI).toBe('postgresql://shopper:p%2Fw@db.addon:5432/shop')
})

test('an encrypted one says so in its links and gives the authority to trust', () => {
  const postgres = addonCredentials('postgresql', { ...address, ca: 'PEM' }, login)
  expect(postgres.envs).toMatchObject({ CA_CERT: 'PEM', SSLMODE: 'require' })
  expect(postgres.secrets.POSTGRES_URI).toMatch(/\/shop\?sslmode=require$/)
  const redis = addonCredentials('redis', { ...address, port: 6379, ca: 'PEM' }, login)
  expect(redis.envs).toMatchObject({ CA_CERT: 'PEM' })
  expect(redis.secrets.REDIS_MASTER_URL).toBe('rediss://default:p%2Fw@db.addon:6379')
})

test('what is deployed does not get the address of the machine, which changes', () => {
  const plain = addonCredentials('redis', address, login)
  expect(JSON.stringify(plain)).not.toContain('172.20.0.2')
  expect(withExternalHost(plain, address).envs.EXTERNAL_HOST).toBe('172.20.0.2')
})
