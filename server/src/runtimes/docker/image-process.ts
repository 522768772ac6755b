import type Docker from 'dockerode'

const BUILDPACKS_LABEL = 'io.buildpacks.build.metadata'

/**
 * How an image of Cloud Native Buildpacks starts a process type: such images keep one entry point for each. Undefined
 * for other images, and for a type it does not have: they start what they start. Pure.
 */
export function processEntrypoint(
  { Config }: Pick<Docker.ImageInspectInfo, 'Config'>,
  processType: string,
): readonly string[] | undefined {
  const metadata = Config.Labels?.[BUILDPACKS_LABEL]
  if (metadata === undefined) return undefined
  const { processes = [] } = JSON.parse(metadata) as { processes?: { type: string }[] }
  return processes.some(({ type }) => type === processType) ? [`/cnb/process/${processType}`] : undefined
}
