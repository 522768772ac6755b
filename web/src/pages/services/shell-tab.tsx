import { getServiceContainers } from '@fairway/contract/routes/service-actions'
import { useQuery } from '@tanstack/react-query'
import { read } from '../../api/queries.ts'
import { Loaded } from '../../ui/loaded.tsx'
import { ShellPanel } from '../../ui/shell-panel.tsx'
import type { ServiceParams } from './service-page.tsx'

/** A shell in one of the instances that run. */
export function ShellTab({ params }: { params: ServiceParams }) {
  const query = useQuery(read(getServiceContainers, { params }))
  return (
    <Loaded query={query}>
      {({ containers }) => (
        <ShellPanel
          owner={{ projectId: params.projectId, kind: 'services', id: params.serviceId }}
          instances={containers
            .filter(({ state }) => state === 'running')
            .map(({ name, ready }) => ({
              id: name,
              label: `${name.slice(0, 13)}${ready ? '' : ' (not ready)'}`,
            }))}
        />
      )}
    </Loaded>
  )
}
