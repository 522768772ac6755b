import type { AddonEngine } from '../../reconcile/addon-port.ts'
import { type DockerAddonOptions, DockerAddons } from './docker-addons.ts'
import { postgresKind } from './postgres-kind.ts'
import { redisKind } from './redis-kind.ts'

/** PostgreSQL addons on a Docker Engine, from the image in `images/postgresql`. */
export const createDockerPostgresEngine = (options: DockerAddonOptions): AddonEngine =>
  new DockerAddons(postgresKind, options)

/** Redis addons on a Docker Engine, from the image in `images/redis`. Snapshots only: Redis has no dumps. */
export const createDockerRedisEngine = (options: DockerAddonOptions): AddonEngine =>
  new DockerAddons(redisKind, options)
