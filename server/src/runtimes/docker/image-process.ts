import type Docker from 'dockerode'
import type { InstanceSpec } from '../../reconcile/runtime-port.ts'

const BUILDPACKS_LABEL = 'io.buildpacks.build.metadata'

/**
 * The entry point of an instance; undefined for the image's own. An image of Cloud Native Buildpacks has one for each
 * process type, and one that runs any command in the environment the buildpacks made. Pure.
 */
export function entrypointOf(
  { entrypoint, command, processType }: Pick<InstanceSpec, 'entrypoint' | 'command' | 'processType'>,
  { Config }: { Config: Pick<Docker.ImageInspectInfo['Config'], 'Labels'> },
): readonly string[] | undefined {
  const metadata = Config.Labels?.[BUILDPACKS_LABEL]
  if (entrypoint !== undefined || metadata === undefined) return entrypoint
  if (command !== undefined) return ['/cnb/lifecycle/launcher']
  const { processes = [] } = JSON.parse(metadata) as { processes?: { type: string }[] }
  return processes.some(({ type }) => type === processType) ? [`/cnb/process/${processType}`] : undefined
}
