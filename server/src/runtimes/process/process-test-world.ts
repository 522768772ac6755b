import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { InstanceSpec } from '../../reconcile/runtime-port.ts'
import type { RuntimeUnderTest } from '../runtime-contract.ts'
import { stopCollector } from './collector-process.ts'
import { createProcessRuntime } from './process-runtime.ts'

export type ProcessRuntimeUnderTest = RuntimeUnderTest & {
  /** Holds the instances. */
  root: string
  /** The bundle of every program. */
  bundle: string
}

/** A runtime on a folder of its own; afterwards nothing of it is left. */
export async function withRuntime(work: (under: ProcessRuntimeUnderTest) => Promise<void>): Promise<void> {
  const bundle = mkdtempSync(join(tmpdir(), 'fairway-runtime-'))
  const root = join(bundle, 'instances')
  const runtime = await createProcessRuntime({ root })
  const program = (id: string, source: string, change: Partial<InstanceSpec> = {}): InstanceSpec => ({
    id,
    labels: { projectId: 'p', ownerKind: 'service', ownerId: 's', revision: 'r' },
    artifact: { kind: 'bundle', digest: 'sha256:0', path: bundle },
    command: [process.execPath, '-e', source],
    processType: 'web',
    env: {},
    files: [],
    ports: [],
    limits: {},
    ...change,
  })
  try {
    await work({ runtime, reopen: () => createProcessRuntime({ root }), program, root, bundle })
  } finally {
    for (const { id } of await runtime.list()) await runtime.stop(id, 0)
    await runtime.close()
    stopCollector(root)
    // The collector may still be writing its last file.
    await rm(bundle, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 })
  }
}
