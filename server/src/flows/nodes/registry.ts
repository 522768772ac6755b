import { present } from '../../lib/assert.ts'
import type { NodeWork } from '../node.ts'
import { actionNode } from './action.ts'
import { addonBackupNode } from './addon-backup.ts'
import { approvalNode } from './approval.ts'
import { buildNode } from './build.ts'
import { conditionNode } from './condition.ts'
import { jobRunNode } from './job-run.ts'
import { loopDataNode } from './loop-data.ts'
import { messageNode } from './message.ts'
import { releaseNode } from './release.ts'
import { resourceNodes } from './resources/resource.ts'
import { runTemplateNode } from './run-template.ts'

/** Every kind of step that does something. */
const works: readonly NodeWork[] = [
  buildNode,
  releaseNode,
  jobRunNode,
  addonBackupNode,
  actionNode,
  conditionNode,
  messageNode,
  approvalNode,
  runTemplateNode,
  loopDataNode,
  ...resourceNodes,
]

const byKind = new Map<string, NodeWork>(works.map((work) => [work.kind, work]))

export const workOf = (kind: string): NodeWork => present(byKind.get(kind), `a kind of step "${kind}"`)
