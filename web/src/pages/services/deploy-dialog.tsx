import { updateServiceDeployment } from '@fairway/contract/routes/service-actions'
import { deploymentSource } from '@fairway/contract/routes/services'
import { Alert, Modal, Select, SimpleGrid, Text } from '@mantine/core'
import { useState } from 'react'
import type { z } from 'zod'
import { call } from '../../api/client.ts'
import { queryClient } from '../../api/queries.ts'
import { Deployed, type DeployedSource } from '../../ui/deployed.tsx'
import { FormPanel } from '../../ui/form-panel.tsx'
import { Version } from '../../ui/version.tsx'
import { DeployBuildFields, type FoundBuild } from './deploy-build-fields.tsx'
import { DeployImageFields } from './deploy-image-fields.tsx'
import type { Service, ServiceParams } from './service-page.tsx'

const chosenSource = deploymentSource.refine(
  ({ internal, external }) => (internal ?? external) !== undefined,
  { message: 'is missing', path: ['internal', 'buildId'] },
)
export type Source = z.input<typeof chosenSource>

const WAYS = [
  { value: 'build', label: 'A build' },
  { value: 'branch', label: 'The newest build of a branch' },
  { value: 'pull-request', label: 'The newest build of a pull request' },
  { value: 'image', label: 'An image' },
] as const
export type Way = (typeof WAYS)[number]['value']

const FIELDS = [
  'internal.id',
  'internal.branch',
  'internal.buildId',
  'external.imagePath',
  'external.credentials',
  'external.follow',
  'external.follow.tag',
  'external.follow.semver',
]

type DeployDialogProps = { params: ServiceParams; service: Service; onClose: () => void }

/** Which version to deploy by hand: a build, by a list, a branch or a pull request, or an image. */
export function DeployDialog({ params, service, onClose }: DeployDialogProps) {
  const { deployment, serviceType } = service
  const isImage = deployment?.external !== undefined
  const [way, setWay] = useState<Way>(isImage ? 'image' : 'build')
  const [build, setBuild] = useState<FoundBuild>()
  const initial: Source = isImage ? imageOf(service) : {}
  return (
    <Modal opened onClose={onClose} title={`Deploy to ${service.name}`} size="lg">
      <FormPanel
        schema={chosenSource}
        initial={initial}
        action="Deploy"
        align="flex-end"
        aside={{ label: 'Cancel', act: onClose }}
        fields={FIELDS}
        run={async (body) => {
          await call(updateServiceDeployment, { params, body })
          await queryClient.invalidateQueries({ queryKey: ['projects', params.projectId, 'services'] })
        }}
        onDone={onClose}
      >
        {({ value, set, replace, problem }) => (
          <>
            <Select
              label="What to deploy"
              allowDeselect={false}
              data={WAYS.filter(({ value: one }) => one !== 'image' || serviceType === 'deployment')}
              value={way}
              onChange={(chosen) => {
                const next = WAYS.find((one) => one.value === chosen)?.value ?? 'build'
                setWay(next)
                setBuild(undefined)
                replace(next === 'image' ? imageOf(service) : {})
              }}
            />
            {way === 'image' ? (
              <DeployImageFields
                value={value.external ?? { imagePath: '' }}
                set={(external) => set({ external })}
                problem={problem}
              />
            ) : (
              <DeployBuildFields
                key={way}
                way={way}
                params={params}
                service={service}
                problem={problem}
                set={(internal, found) => {
                  setBuild(found)
                  replace(internal === undefined ? {} : { internal })
                }}
              />
            )}
            <Change params={params} service={service} source={value} build={build} />
            <Alert color="blue">{consequenceOf(value)}</Alert>
          </>
        )}
      </FormPanel>
    </Modal>
  )
}

const imageOf = ({ deployment }: Service): Source => {
  const { imagePath = '', credentials, follow } = deployment?.external ?? {}
  return { external: { imagePath, ...(credentials && { credentials }), ...(follow && { follow }) } }
}

/** What the deployment means for those that come after it. Pure. */
function consequenceOf({ internal, external }: Source): string {
  if (internal?.buildSHA === 'latest') return 'Each new build of the branch is deployed from now on.'
  if (external?.follow !== undefined) return 'New versions of the image are deployed from now on.'
  return 'New versions are not deployed by themselves any more, until that is turned on again in the settings.'
}

type ChangeProps = Omit<DeployDialogProps, 'onClose'> & { source: Source; build: FoundBuild | undefined }

/** What serves, beside what will. */
function Change({ params, service, source, build }: ChangeProps) {
  const image = source.external?.imagePath
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }}>
      <div>
        <Text size="xs" c="dimmed">
          Serves now
        </Text>
        <Deployed projectId={params.projectId} source={(service.deployment ?? {}) as DeployedSource} />
      </div>
      <div>
        <Text size="xs" c="dimmed">
          Will serve
        </Text>
        {build !== undefined && (
          <Version version={{ sha: build.sha ?? build.id, branch: build.branch, message: build.message }} />
        )}
        {build === undefined && image !== undefined && image !== '' && <Version version={{ image }} />}
        {build === undefined && !image && <Text size="sm">nothing chosen yet</Text>}
      </div>
    </SimpleGrid>
  )
}
