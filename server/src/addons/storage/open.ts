import { FairwayError } from '@fairway/contract/errors'
import type { BackupStorage } from '../../reconcile/addon-port.ts'
import { createFolderStorage } from './folder.ts'
import type { S3Target } from './s3.ts'

/** Where backups go, with its keys in the clear. */
export type BackupTarget = {
  spec:
    | { type: 'folder'; path: string }
    | { type: 's3'; bucket: string; endpoint?: string; region?: string; prefix?: string }
  credentials: { accessKeyId: string; secretAccessKey: string } | undefined
}

export function openBackupStorage({ spec, credentials }: BackupTarget): BackupStorage {
  if (spec.type === 'folder') return createFolderStorage(spec.path)
  if (credentials !== undefined) return openS3({ ...spec, ...credentials })
  throw new FairwayError('backup_failed', 'The backup destination has no access keys. Add them to it.')
}

/** The S3 client is loaded by the first use: most installations never need it. */
function openS3(target: S3Target): BackupStorage {
  let opening: Promise<BackupStorage> | undefined
  const open = (): Promise<BackupStorage> => {
    opening ??= import('./s3.ts').then(({ createS3Storage }) => createS3Storage(target))
    return opening
  }
  return {
    write: async (key, data) => (await open()).write(key, data),
    read: async (key) => (await open()).read(key),
    remove: async (key) => (await open()).remove(key),
    exists: async (key) => (await open()).exists(key),
  }
}
