import {
  type BuildConfiguration,
  type BuildSettings,
  buildContextOf,
} from '@fairway/contract/resources/build-settings'
import { type PlanName, plans } from '@fairway/contract/resources/plans'
import type { BuildOrder, BuildOverrides } from '../../db/builds.ts'

/** What of a service or job decides how it is built. */
export type BuiltSpec = {
  buildSettings?: BuildSettings | undefined
  buildConfiguration?: BuildConfiguration | undefined
  billing?: { buildPlan?: PlanName | undefined } | undefined
}

type Settings = Pick<BuildOrder, 'context' | 'dockerfile' | 'buildpack' | 'limits' | 'credentials'>

/** How a build is made: the settings of its owner, under the changes for this build alone. Pure. */
export function buildOrderOf(spec: BuiltSpec, { docker }: Pick<BuildOverrides, 'docker'>): Settings {
  const { buildSettings, buildConfiguration, billing } = spec
  const { dockerCredentials = [] } = buildConfiguration ?? {}
  const plan = billing?.buildPlan
  const way = docker === undefined ? buildpackOf(buildSettings) : undefined
  return {
    context: docker?.dockerWorkDir ?? buildContextOf(buildSettings),
    ...(way === undefined ? dockerfileOf(spec, docker) : { buildpack: way }),
    ...(plan !== undefined && { limits: plans[plan] }),
    ...(dockerCredentials.length > 0 && { credentials: dockerCredentials }),
  }
}

/** Nothing where nothing was said: the builder finds out for itself. */
function dockerfileOf(
  { buildSettings, buildConfiguration }: BuiltSpec,
  docker: BuildOverrides['docker'],
): Pick<BuildOrder, 'dockerfile'> {
  const settings = buildSettings?.dockerfile
  const target = docker?.dockerfileTarget ?? buildConfiguration?.dockerfileTarget
  if (settings === undefined && docker === undefined && target === undefined) return {}
  return {
    dockerfile: {
      path: docker?.dockerFilePath ?? settings?.dockerFilePath ?? '/Dockerfile',
      useCache: settings?.buildkit?.useCache ?? settings?.useCache ?? true,
      ...(target !== undefined && target !== '' && { target }),
    },
  }
}

function buildpackOf(settings: BuildSettings | undefined): BuildOrder['buildpack'] {
  if (settings?.buildpack === undefined) return undefined
  const { builder, buildpackLocators = [], useCache = true } = settings.buildpack
  return { locators: buildpackLocators, useCache, ...(builder !== undefined && { builder }) }
}
