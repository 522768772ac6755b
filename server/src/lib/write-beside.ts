import { open, rename } from 'node:fs/promises'

/** Replaces a file as a whole, or not at all: written beside, synced to disk, renamed. */
export async function writeBeside(path: string, content: string, mode = 0o600): Promise<void> {
  const beside = `${path}.new`
  const file = await open(beside, 'w', mode)
  try {
    await file.writeFile(content)
    await file.datasync()
  } finally {
    await file.close()
  }
  await rename(beside, path)
}
