import type { Stage } from '@fairway/contract/resources/pipeline'
import { getReleaseFlow } from '@fairway/contract/routes/release-flows'
import { Tooltip } from '@mantine/core'
import { IconArrowRight } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { readIfAny } from '../../api/queries.ts'
import classes from './board.module.css'
import type { Member } from './board-page.tsx'
import { broughtBy, promotionsFrom } from './brought-by.ts'

type PromotionArrowProps = {
  params: { projectId: string; pipelineId: string; stage: Stage }
  /** What stands in the stage before. */
  before: readonly Member[]
}

/** From one stage to the next, where the flow of the next takes something over. */
export function PromotionArrow({ params, before }: PromotionArrowProps) {
  const flow = useQuery(readIfAny(getReleaseFlow, { params }))
  const promotions = !flow.data ? [] : promotionsFrom(before, broughtBy(flow.data))
  if (promotions.length === 0) return <span className={classes.arrow} />
  const words = `${params.stage} takes over ${promotions.join(', ')}`
  return (
    <Tooltip label={words}>
      <span className={classes.arrow} role="img" aria-label={words}>
        <IconArrowRight aria-hidden />
      </span>
    </Tooltip>
  )
}
