import type { PipelineObject, Stage } from '@fairway/contract/resources/pipeline'

/** A resource that may stand in a stage. */
export type Candidate = Pick<PipelineObject, 'type' | 'id'>

const GROUPS = [
  ['service', 'Services'],
  ['job', 'Jobs'],
  ['addon', 'Addons'],
] as const

/** `service/web`. */
export const keyOf = ({ type, id }: Candidate): string => `${type}/${id}`

type Choices = { group: string; items: { value: string; label: string }[] }[]

/** What may be chosen for a stage: what stands there, and what stands in no other stage. Pure. */
export function choicesOf(
  candidates: readonly Candidate[],
  members: readonly PipelineObject[],
  stage: Stage,
): Choices {
  const elsewhere = new Set(members.filter((member) => member.stage !== stage).map(keyOf))
  const here = members.filter((member) => member.stage === stage)
  const all = new Map([...here, ...candidates].map((one) => [keyOf(one), one]))
  const free = [...all].filter(([key]) => !elsewhere.has(key))
  return GROUPS.map(([type, group]) => ({
    group,
    items: free.filter(([, one]) => one.type === type).map(([value, { id }]) => ({ value, label: id })),
  })).filter(({ items }) => items.length > 0)
}

/** The members of all stages, with those of `stage` being exactly these. Pure. */
export const placed = (
  members: readonly PipelineObject[],
  stage: Stage,
  keys: readonly string[],
): PipelineObject[] => [
  ...members.filter((member) => member.stage !== stage),
  ...keys.map((key) => {
    const [type = '', id = ''] = key.split('/')
    return { type: type as PipelineObject['type'], id, stage }
  }),
]
