import { stages } from '@fairway/contract/resources/pipeline'
import { getPipeline } from '@fairway/contract/routes/pipelines'
import { getReleaseFlow } from '@fairway/contract/routes/release-flows'
import { ScrollArea, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { read, readAhead, readIfAny } from '../../api/queries.ts'
import { useMay } from '../../api/use-permission.ts'
import { Loaded } from '../../ui/loaded.tsx'
import { PageTitle } from '../../ui/page-title.tsx'
import { usePathParams } from '../path-params.ts'
import classes from './board.module.css'
import { DeletePipeline } from './delete-pipeline.tsx'
import { EditPipeline } from './edit-pipeline.tsx'
import { PromotionArrow } from './promotion-arrow.tsx'
import { StageColumn } from './stage-column.tsx'

export type Member = { id: string; type: 'service' | 'job' | 'addon' }

/** The way to production: the stages side by side, with what each runs. */
export function BoardPage() {
  const params = usePathParams('projectId', 'pipelineId')
  const query = useQuery(read(getPipeline, { params }))
  readAhead(...stages.map((stage) => readIfAny(getReleaseFlow, { params: { ...params, stage } })))
  const mayWrite = useMay('write')
  return (
    <Loaded query={query}>
      {({ stages: columns, ...pipeline }) => (
        <>
          <PageTitle title={pipeline.name} below={<Text c="dimmed">{pipeline.description}</Text>}>
            {mayWrite && (
              <>
                <EditPipeline params={params} pipeline={pipeline} />
                <DeletePipeline params={params} name={pipeline.name} />
              </>
            )}
          </PageTitle>
          <ScrollArea offsetScrollbars>
            <div className={classes.board}>
              {columns.map((stage, index) => (
                <div key={stage.name} className={classes.slot}>
                  {index > 0 && (
                    <PromotionArrow
                      params={{ ...params, stage: stage.name }}
                      before={(columns[index - 1]?.nfObjects ?? []) as Member[]}
                    />
                  )}
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
