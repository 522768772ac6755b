import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'

/** For tests: the images of this checkout. */
export const imagesFolder = fileURLToPath(new URL('../../../../images', import.meta.url))

/** Nobody else's on the engine. */
export const testInstallation = (): string => `test-${randomUUID().slice(0, 8)}`
