/** For tests: starts one instance, and is killed at a named crash point on the way. Argument: JSON of its orders. */
import { crashAt } from '../../lib/crash-point.ts'
import type { InstanceSpec } from '../../reconcile/runtime-port.ts'
import { createDockerRuntime } from './docker-runtime.ts'

export type CrashOrders = { installation: string; secretsFolder: string; point: string; spec: InstanceSpec }

const { installation, secretsFolder, point, spec } = JSON.parse(process.argv[2] ?? '') as CrashOrders
const runtime = await createDockerRuntime({ installation, secretsFolder, crash: crashAt(point) })
await runtime.start(spec)
await runtime.stop(spec.id, 0)
await runtime.close()
