import { Readable } from 'node:stream'
import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { FairwayError } from '@fairway/contract/errors'
import type { BackupStorage } from '../../reconcile/addon-port.ts'
import { checkKey } from './folder.ts'

export type S3Target = {
  bucket: string
  /** Absent: AWS itself. */
  endpoint?: string
  region?: string
  prefix?: string
  accessKeyId: string
  secretAccessKey: string
}

const PART_BYTES = 8 * 1024 * 1024

type Bucket = { client: S3Client; name: string; keyOf: (key: string) => string }

/**
 * Backups in a bucket of S3-compatible storage. An object appears only when it is whole. Errors: `backup_failed` when
 * the bucket refuses us, `restore_failed` when an object is not there.
 */
export function createS3Storage(target: S3Target): BackupStorage {
  const bucket: Bucket = {
    client: clientOf(target),
    name: target.bucket,
    keyOf: (key) => (target.prefix === undefined ? checkKey(key) : `${target.prefix}/${checkKey(key)}`),
  }
  return {
    write: (key, data) => readable(() => write(bucket, key, data)),
    read: (key) => readable(() => read(bucket, key)),
    remove: (key) => readable(() => remove(bucket, key)),
    exists: (key) => readable(() => exists(bucket, key)),
  }
}

const clientOf = (target: S3Target): S3Client =>
  new S3Client({
    region: target.region ?? 'us-east-1',
    ...(target.endpoint === undefined ? {} : { endpoint: target.endpoint, forcePathStyle: true }),
    credentials: { accessKeyId: target.accessKeyId, secretAccessKey: target.secretAccessKey },
    // Many compatible servers do not know the newer checksums; every backup carries its own.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  })

async function write(
  { client, name, keyOf }: Bucket,
  key: string,
  data: AsyncIterable<Uint8Array>,
): Promise<{ sizeBytes: number }> {
  let sizeBytes = 0
  let broke: { error: unknown } | undefined
  async function* counted(): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of data) {
        sizeBytes += chunk.length
        yield chunk
      }
    } catch (error) {
      broke = { error }
      throw error
    }
  }
  const upload = new Upload({
    client,
    params: { Bucket: name, Key: keyOf(key), Body: Readable.from(counted(), { objectMode: false }) },
    partSize: PART_BYTES,
    queueSize: 2,
  })
  try {
    await upload.done()
    return { sizeBytes }
  } catch (error) {
    // When the source broke, what the storage says about the end of the upload matters less.
    throw broke === undefined ? error : broke.error
  }
}

async function read({ client, name, keyOf }: Bucket, key: string): Promise<AsyncIterable<Uint8Array>> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket: name, Key: keyOf(key) }))
  if (Body instanceof Readable) return Body
  throw new Error('the storage answered no content')
}

/** Also ends uploads of this key that a killed worker left half done: their parts would be kept, and paid, for good. */
async function remove(bucket: Bucket, key: string): Promise<void> {
  const { client, name, keyOf } = bucket
  await endUploads(bucket, keyOf(key))
  await client.send(new DeleteObjectCommand({ Bucket: name, Key: keyOf(key) }))
}

async function endUploads({ client, name }: Bucket, key: string): Promise<void> {
  try {
    const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: name, Prefix: key }))
    for (const { Key, UploadId } of Uploads)
      if (Key === key) await client.send(new AbortMultipartUploadCommand({ Bucket: name, Key, UploadId }))
  } catch (error) {
    if (!isUnsupported(error)) throw error
  }
}

/** Some compatible servers cannot list or end uploads; they clean up by themselves. */
const isUnsupported = (error: unknown): boolean =>
  error instanceof S3ServiceException && [405, 501].includes(error.$metadata.httpStatusCode ?? 0)

async function exists({ client, name, keyOf }: Bucket, key: string): Promise<boolean> {
  try {
    await client.send(new HeadObjectCommand({ Bucket: name, Key: keyOf(key) }))
    return true
  } catch (error) {
    if (error instanceof S3ServiceException && error.name === 'NotFound') return false
    throw error
  }
}

const REFUSALS = new Set(['AccessDenied', 'InvalidAccessKeyId', 'SignatureDoesNotMatch', 'NoSuchBucket'])

async function readable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (!(cause instanceof S3ServiceException)) throw cause
    if (cause.name === 'NoSuchKey')
      throw new FairwayError('restore_failed', 'The backup is not in its storage any more.', { cause })
    if (!REFUSALS.has(cause.name)) throw cause
    throw new FairwayError(
      'backup_failed',
      `The backup storage refused: ${cause.name}. Check the bucket's name, its keys and their rights.`,
      { cause },
    )
  }
}
