import { getPipeline } from '@fairway/contract/routes/pipelines'
import { ScrollArea, Text } from '@mantine/core'
import { IconArrowRight } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { read } from '../../api/queries.ts'
import { Loaded } from '../../ui/loaded.tsx'
import { PageTitle } from '../../ui/page-title.tsx'
import { usePathParams } from '../path-params.ts'
import classes from './board.module.css'
import { StageColumn } from './stage-column.tsx'

export type Member = { id: string; type: 'service' | 'job' | 'addon' }

/** The way to production: the stages side by side, with what each runs. */
export function BoardPage() {
  const params = usePathParams('projectId', 'pipelineId')
  const query = useQuery(read(getPipeline, { params }))
  return (
    <Loaded query={query}>
      {({ name, description, stages }) => (
        <>
          <PageTitle title={name} below={<Text c="dimmed">{description}</Text>} />
          <ScrollArea offsetScrollbars>
            <div className={classes.board}>
              {stages.map((stage, index) => (
                <div key={stage.name} className={classes.slot}>
                  {index > 0 && <IconArrowRight className={classes.arrow} aria-hidden />}
                  <StageColumn params={params} stage={stage.name} members={stage.nfObjects as Member[]} />
                </div>
              ))}
            </div>
          </ScrollArea>
        </>
      )}
    </Loaded>
  )
}
