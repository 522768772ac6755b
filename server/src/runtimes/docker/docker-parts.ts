import type { Clock } from '../../lib/clock.ts'
import type { CrashPoints } from '../../lib/crash-point.ts'
import type { Engine } from '../../lib/docker/engine.ts'
import type { EngineAbilities } from './engine-abilities.ts'
import type { SecretFiles } from './secret-files.ts'

/** What the parts of the Docker runtime share. */
export type DockerParts = {
  engine: Engine
  installation: string
  clock: Clock
  crash: CrashPoints
  files: SecretFiles
  abilities: EngineAbilities
  /** Sentences for people, of what is not as it should be here. */
  remarks: readonly string[]
}
