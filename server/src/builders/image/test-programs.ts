/** For tests: where the docker command is looked for, and the registry that images are pushed to. */
import { delimiter } from 'node:path'

export const programFolders = (process.env.PATH ?? '').split(delimiter)

export const TEST_REGISTRY = '127.0.0.1:5000'

/** Whether a registry is here. Under CI a missing one is a failure. */
export const registryHere = await fetch(`http://${TEST_REGISTRY}/v2/`, {
  signal: AbortSignal.timeout(2_000),
}).then(
  ({ ok }) => ok,
  () => false,
)
if (!registryHere && process.env.CI === 'true')
  throw new Error(`These tests need an OCI registry at ${TEST_REGISTRY}, and there is none.`)
