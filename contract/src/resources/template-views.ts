import { z } from 'zod'
import { runItem } from '../routes/release-runs.ts'
import { type TemplateVersionStatus, templateVersionMoves } from '../states.ts'

const versionStatuses = Object.keys(templateVersionMoves) as [
  TemplateVersionStatus,
  ...TemplateVersionStatus[],
]

/** As lists show it. */
export const templateItem = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  projectId: z.string().optional().describe('Absent: a template of the team'),
  version: z.number().nullable().describe('What runs; null: nothing is published yet'),
  createdAt: z.string(),
  updatedAt: z.string(),
})

/** With its document. */
export const templateView = templateItem
  .extend({
    apiVersion: z.string().optional(),
    arguments: z.record(z.string(), z.unknown()),
    argumentOverrideNames: z.array(z.string()).describe('Their values are sealed'),
    options: z.record(z.string(), z.unknown()),
    spec: z.unknown().describe('Of the published version, else of the newest draft'),
    draft: z.number().optional().describe('The newest version, when it waits to be published'),
    status: z.string().describe('Of the newest run; unknown when there is none'),
  })
  .loose()
  .meta({ id: 'Template' })

export const versionItem = z.object({
  version: z.number(),
  status: z.enum(versionStatuses),
  current: z.boolean().describe('This is what runs'),
  createdBy: z.string().optional(),
  createdAt: z.string(),
  decidedBy: z.string().optional().describe('Who published or closed the draft'),
  decidedAt: z.string().optional(),
  commit: z.string().optional().describe('That it came from, or went to'),
})

const result = z.object({
  created: z.number(),
  changed: z.number(),
  unchanged: z.number(),
})

export const templateRunItem = runItem.omit({ kind: true, rollbackOf: true, flowVersion: true }).extend({
  templateVersion: z.number(),
})

/** A run with its whole document; each node carries a `response`. */
export const templateRunView = templateRunItem
  .extend({
    apiVersion: z.string(),
    argumentNames: z.array(z.string()).describe('Their values are sealed'),
    refs: z.record(z.string(), z.unknown()).describe('What each named step answered'),
    spec: z.unknown(),
    approvals: z.array(z.unknown()),
    resources: result.describe('What became of the resources of the document, so far'),
  })
  .loose()
  .meta({ id: 'TemplateRun' })

const difference = z.object({ path: z.string(), from: z.unknown().optional(), to: z.unknown().optional() })

export const templatePlanView = z
  .object({
    unchanged: z.boolean().describe('A run would leave everything as it is'),
    resources: z.array(
      z.object({
        kind: z.string(),
        ref: z.string().nullable(),
        name: z.string(),
        id: z.string().nullable(),
        projectId: z.string().nullable(),
        action: z
          .enum(['create', 'change', 'none', 'refused', 'unknown'])
          .describe('refused: a run would fail here; unknown: only the run will know'),
        differences: z.array(difference).describe('Field by field; secret values are hidden'),
        message: z.string().optional(),
      }),
    ),
    steps: z.array(z.string()).describe('What else it would do'),
  })
  .meta({ id: 'TemplatePlan' })
