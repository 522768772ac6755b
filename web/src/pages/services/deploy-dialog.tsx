import { serviceBuilds } from '@fairway/contract/routes/builds'
import type { deploymentSource } from '@fairway/contract/routes/services'
import { Alert, Button, Group, Modal, Select, Stack, Tabs, Text, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { z } from 'zod'
import { read } from '../../api/queries.ts'
import { agoWords } from '../../ui/ago.tsx'
import type { Service, ServiceParams } from './service-page.tsx'

type Source = z.input<typeof deploymentSource>
type DeployDialogProps = {
  params: ServiceParams
  service: Service
  onClose: () => void
  onDeploy: (source: Source) => void
}

/** Which version to deploy by hand: a build of the service it builds from, or an image. */
export function DeployDialog({ params, service, onClose, onDeploy }: DeployDialogProps) {
  const builder =
    service.serviceType === 'combined' ? params.serviceId : service.deployment?.internal?.nfObjectId
  const [tab, setTab] = useState<string | null>(builder === undefined ? 'image' : 'build')
  const [image, setImage] = useState(service.deployment?.external?.imagePath ?? '')
  const deploy = (source: Source): void => {
    onClose()
    onDeploy(source)
  }
  return (
    <Modal opened onClose={onClose} title={`Deploy to ${service.name}`} size="lg">
      <Stack>
        <Alert color="blue">Deploying by hand turns continuous deployment off for this service.</Alert>
        <Tabs value={tab} onChange={setTab}>
          <Tabs.List>
            {builder !== undefined && <Tabs.Tab value="build">A build</Tabs.Tab>}
            {service.serviceType === 'deployment' && <Tabs.Tab value="image">An image</Tabs.Tab>}
          </Tabs.List>
          {builder !== undefined && (
            <Tabs.Panel value="build" pt="md">
              <ChooseBuild
                params={{ projectId: params.projectId, serviceId: builder }}
                own={service.serviceType === 'combined'}
                onDeploy={deploy}
              />
            </Tabs.Panel>
          )}
          <Tabs.Panel value="image" pt="md">
            <form
              onSubmit={(event) => {
                event.preventDefault()
                deploy({ external: { imagePath: image.trim() } })
              }}
            >
              <Stack>
                <TextInput
                  label="Image"
                  placeholder="registry.example.com/team/app:1.4.2"
                  value={image}
                  onChange={(event) => setImage(event.currentTarget.value)}
                />
                <Group justify="flex-end">
                  <Button type="submit" disabled={image.trim() === ''}>
                    Deploy
                  </Button>
                </Group>
              </Stack>
            </form>
          </Tabs.Panel>
        </Tabs>
      </Stack>
    </Modal>
  )
}

type ChooseBuildProps = { params: ServiceParams; own: boolean; onDeploy: (source: Source) => void }

function ChooseBuild({ params, own, onDeploy }: ChooseBuildProps) {
  const builds = useQuery(read(serviceBuilds.list, { params }))
  const [buildId, choose] = useState<string | null>(null)
  const good = (builds.data?.builds ?? []).filter(({ success }) => success)
  const chosen = good.find(({ id }) => id === buildId)
  return (
    <Stack>
      <Select
        label="Build"
        placeholder={builds.isPending ? 'Loading' : 'Choose one'}
        searchable
        nothingFoundMessage="No successful build of that name"
        value={buildId}
        onChange={choose}
        data={good.map(({ id, sha, branch, message, createdAt }) => ({
          value: id,
          label: `${sha?.slice(0, 7) ?? id} · ${branch} · ${message?.split('\n')[0] ?? ''} · ${agoWords(new Date(createdAt), new Date())}`,
        }))}
      />
      {chosen !== undefined && (
        <Text size="sm" c="dimmed">
          {chosen.message}
        </Text>
      )}
      <Group justify="flex-end">
        <Button
          disabled={chosen === undefined}
          onClick={() =>
            chosen !== undefined &&
            onDeploy({
              internal: { branch: chosen.branch, buildId: chosen.id, ...(!own && { id: params.serviceId }) },
            })
          }
        >
          Deploy
        </Button>
      </Group>
    </Stack>
  )
}
