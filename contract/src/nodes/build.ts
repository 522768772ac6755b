import { z } from 'zod'
import { files, type Values, variables } from './values.ts'

const buildRules = <W>(values: Values<W>) =>
  z.strictObject({
    pathIgnoreRules: values.list(values.text(260)).optional(),
    isAllowList: values.boolean().optional(),
    ciIgnoreFlagsEnabled: values.boolean().optional(),
    ciIgnoreFlags: values.list(values.text(72)).optional(),
  })

const buildOverrides = <W>(values: Values<W>) =>
  z.strictObject({
    buildArguments: variables(values).optional(),
    buildFiles: files(values).optional(),
    dockerSecretMounts: files(values).optional(),
    docker: z
      .strictObject({
        dockerFilePath: values.text(500).optional(),
        dockerWorkDir: values.text(500).optional(),
        dockerfileTarget: values.text(200).optional(),
      })
      .optional(),
  })

/** Builds a branch, a pull request or a commit; by default an existing build of the commit is reused. */
export const buildSpec = <W>(values: Values<W>) =>
  z.strictObject({
    projectId: values.text(200).optional(),
    id: values.text(200).describe('The service or job that is built.'),
    type: values.oneOf('service', 'job'),
    branch: values.text(255).optional(),
    pullRequestId: values.integer(1, 2_147_483_647).optional(),
    sha: values
      .matching(/^[0-9a-f]{40}$/, 'must be a commit of 40 hexadecimal digits')
      .optional()
      .describe('Left out: the latest commit.'),
    reuseExistingBuilds: values.boolean().optional().describe('Default true.'),
    buildRules: buildRules(values).optional(),
    buildRuleFallThroughHandling: values
      .oneOf('fail', 'skip', 'useLastBuild')
      .optional()
      .describe('What to do when buildRules reject the commit. Default fail.'),
    buildOverrides: buildOverrides(values).optional(),
  })
export type BuildSpec = z.infer<ReturnType<typeof buildSpec<never>>>
