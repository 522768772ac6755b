import type { PipelineObject, Stage } from '@fairway/contract/resources/pipeline'

/** A resource that may stand in a stage. */
export type Candidate = Pick<PipelineObject, 'type' | 'id'>

const KINDS = ['service', 'job', 'addon'] as const

/** `service/web`. */
export const keyOf = ({ type, id }: Candidate): string => `${type}/${id}`

type Choice = { value: string; label: string }

/** What may be chosen for a stage: what stands there, and what stands in no other stage. Pure. */
export function choicesOf(
  candidates: readonly Candidate[],
  members: readonly PipelineObject[],
  stage: Stage,
): Choice[] {
  const elsewhere = new Set(members.filter((member) => member.stage !== stage).map(keyOf))
  const here = members.filter((member) => member.stage === stage)
  const all = new Map([...here, ...candidates].map((one) => [keyOf(one), one]))
  const free = [...all].filter(([key]) => !elsewhere.has(key))
  return KINDS.flatMap((kind) =>
    free
      .filter(([, { type }]) => type === kind)
      .map(([value, { id, type }]) => ({ value, label: `${id} (${type})` })),
  )
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
