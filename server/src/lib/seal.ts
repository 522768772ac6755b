import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto'

/**
 * Envelope encryption: AES-256-GCM with a fresh data key for each value, itself wrapped by the master key.
 * `context` (what the value belongs to) is authenticated, so a sealed value cannot be moved to another row.
 *
 * Layout: version byte 1 | wrap nonce 12 | wrapped key 32 | wrap tag 16 | nonce 12 | tag 16 | ciphertext.
 */
export type Sealer = {
  seal(plain: Buffer, context: string): Buffer
  /** Throws when the value was tampered with, moved, or sealed with another master key. */
  open(sealed: Buffer, context: string): Buffer
  /** The same for the same text, and tells nothing about it without the master key: to compare sealed values. */
  fingerprint(text: string): string
  /** Tells whoever masks output that this value, now in the clear, is secret. */
  announce(value: string): void
}

const VERSION = 1
const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16
const HEADER_BYTES = 1 + NONCE_BYTES + KEY_BYTES + TAG_BYTES + NONCE_BYTES + TAG_BYTES

type Encrypted = { nonce: Buffer; tag: Buffer; data: Buffer }

/** `masterKey` is 32 bytes; `onSecret` gets every announced value. */
export function createSealer(masterKey: Buffer, onSecret: (value: string) => void = () => undefined): Sealer {
  if (masterKey.length !== KEY_BYTES) throw new Error(`the master key must be ${KEY_BYTES} bytes`)
  return {
    announce: onSecret,
    fingerprint: (text) => createHmac('sha256', masterKey).update(text).digest('hex'),
    seal: (plain, context) => {
      const dataKey = randomBytes(KEY_BYTES)
      const wrapped = encrypt(masterKey, dataKey, context)
      const body = encrypt(dataKey, plain, context)
      return Buffer.concat([
        Buffer.from([VERSION]),
        wrapped.nonce,
        wrapped.data,
        wrapped.tag,
        body.nonce,
        body.tag,
        body.data,
      ])
    },
    open: (sealed, context) => {
      const { wrapped, body } = split(sealed)
      return decrypt(decrypt(masterKey, wrapped, context), body, context)
    },
  }
}

/** Seals a JSON value; `openJson` gives it back. */
export const sealJson = (sealer: Sealer, value: unknown, context: string): Buffer =>
  sealer.seal(Buffer.from(JSON.stringify(value)), context)

export const openJson = <T>(sealer: Sealer, sealed: Buffer, context: string): T =>
  JSON.parse(sealer.open(sealed, context).toString()) as T

function encrypt(key: Buffer, plain: Buffer, context: string): Encrypted {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context))
  const data = Buffer.concat([cipher.update(plain), cipher.final()])
  return { nonce, tag: cipher.getAuthTag(), data }
}

function decrypt(key: Buffer, { nonce, tag, data }: Encrypted, context: string): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context)).setAuthTag(tag)
  return Buffer.concat([decipher.update(data), decipher.final()])
}

function split(sealed: Buffer): { wrapped: Encrypted; body: Encrypted } {
  if (sealed.length < HEADER_BYTES || sealed[0] !== VERSION)
    throw new Error('not a sealed value of a known version')
  let at = 1
  const take = (bytes: number): Buffer => {
    at += bytes
    return sealed.subarray(at - bytes, at)
  }
  const wrapped = { nonce: take(NONCE_BYTES), data: take(KEY_BYTES), tag: take(TAG_BYTES) }
  const body = { nonce: take(NONCE_BYTES), tag: take(TAG_BYTES), data: sealed.subarray(at) }
  return { wrapped, body }
}
