import {
  addBackupDestination,
  type BackupDestinationBody,
  backupDestinationBody,
  type backupDestinationView,
  deleteBackupDestination,
  listBackupDestinations,
} from '@fairway/contract/routes/backup-destinations'
import { PasswordInput, SegmentedControl, TextInput } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import type { z } from 'zod'
import { call } from '../../api/client.ts'
import { queryClient, read } from '../../api/queries.ts'
import { useMay } from '../../api/use-permission.ts'
import { WHOLE_LIST } from '../../api/whole-list.ts'
import { Ago } from '../../ui/ago.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { DeleteButton } from '../../ui/delete-button.tsx'
import { DialogButton } from '../../ui/dialog-button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { PageTitle } from '../../ui/page-title.tsx'
import type { BodyForm } from '../../ui/use-body.ts'

type Destination = z.output<typeof backupDestinationView>
type Bucket = Extract<BackupDestinationBody, { type: 's3' }>

const CREDENTIALS: readonly [keyof Bucket['credentials'], string][] = [
  ['endpoint', 'Endpoint'],
  ['region', 'Region'],
  ['bucketName', 'Bucket'],
  ['accessKey', 'Access key'],
  ['secretKey', 'Secret key'],
]
const EMPTY_BUCKET = { accessKey: '', secretKey: '', bucketName: '', region: '', endpoint: '' }
const FIELDS = ['type', 'name', 'path', 'prefix', ...CREDENTIALS.map(([name]) => `credentials.${name}`)]

/** Where backups may go, besides the data folder. */
export function BackupDestinationsPage() {
  const query = useQuery(read(listBackupDestinations, { query: WHOLE_LIST }))
  const isAdmin = useMay('admin')
  return (
    <>
      <PageTitle title="Backup destinations">{isAdmin && <NewDestination />}</PageTitle>
      <Loaded query={query}>
        {({ backupDestinations }) =>
          backupDestinations.length === 0 ? (
            <Empty title="Backups stay on this machine">
              They lie in the data folder of Fairway. Add a bucket of S3-compatible storage, or a folder on
              another disk, so that a broken disk does not take data and backups together.
            </Empty>
          ) : (
            <DataTable
              head={['Destination', 'Kind', 'Where', 'Added', '']}
              rows={backupDestinations.map((destination) => ({
                key: destination.id,
                cells: [
                  destination.name,
                  destination.type === 's3' ? 'bucket' : 'folder',
                  whereOf(destination),
                  <Ago key="added" at={destination.createdAt} />,
                  isAdmin && <Forget key="forget" destination={destination} />,
                ],
              }))}
            />
          )
        }
      </Loaded>
    </>
  )
}

const whereOf = ({ path, credentials, prefix }: Destination): string =>
  path ?? [credentials?.endpoint, credentials?.bucketName, prefix].filter(Boolean).join('/')

function Forget({ destination: { id, name } }: { destination: Destination }) {
  return (
    <DeleteButton
      kind="backup destination"
      action="Forget"
      name={name}
      what="What lies there stays. It is refused while backups that Fairway knows lie there."
      run={() => call(deleteBackupDestination, { params: { backupDestinationId: id } })}
      refresh={['backup-destinations']}
    />
  )
}

function NewDestination() {
  return (
    <DialogButton
      label="New destination"
      icon={<IconPlus size={16} />}
      action="Add"
      schema={backupDestinationBody}
      initial={{ type: 's3', name: '', credentials: EMPTY_BUCKET }}
      fields={FIELDS}
      run={async (body) => {
        await call(addBackupDestination, { body })
        await queryClient.invalidateQueries({ queryKey: ['backup-destinations'] })
      }}
    >
      {(form) => <Fields form={form} />}
    </DialogButton>
  )
}

function Fields({ form }: { form: BodyForm<typeof backupDestinationBody> }) {
  const { value, set, problem, replace } = form
  return (
    <>
      <SegmentedControl
        aria-label="Kind"
        value={value.type}
        data={[
          { value: 's3', label: 'Bucket' },
          { value: 'folder', label: 'Folder' },
        ]}
        onChange={(type) =>
          replace(
            type === 's3'
              ? { type, name: value.name, credentials: EMPTY_BUCKET }
              : { type: 'folder', name: value.name, path: '' },
          )
        }
      />
      <TextInput
        label="Name"
        withAsterisk
        value={value.name}
        error={problem('name')}
        onChange={(event) => set({ name: event.currentTarget.value })}
      />
      {value.type === 'folder' ? (
        <TextInput
          label="Folder"
          description="An absolute path on the machine of Fairway."
          withAsterisk
          value={value.path}
          error={problem('path')}
          onChange={(event) => set({ path: event.currentTarget.value })}
        />
      ) : (
        <BucketFields form={form} credentials={value.credentials} prefix={value.prefix ?? ''} />
      )}
    </>
  )
}

type BucketFieldsProps = {
  form: BodyForm<typeof backupDestinationBody>
  credentials: Bucket['credentials']
  prefix: string
}

function BucketFields({ form: { set, problem }, credentials, prefix }: BucketFieldsProps) {
  return (
    <>
      {CREDENTIALS.map(([name, label]) => {
        const Input = name === 'secretKey' ? PasswordInput : TextInput
        return (
          <Input
            key={name}
            label={label}
            withAsterisk
            autoComplete="off"
            value={credentials[name]}
            error={problem(`credentials.${name}`)}
            onChange={(event) => set({ credentials: { ...credentials, [name]: event.currentTarget.value } })}
          />
        )
      })}
      <TextInput
        label="Prefix"
        description="What the names of objects begin with."
        value={prefix}
        error={problem('prefix')}
        onChange={(event) => set({ prefix: event.currentTarget.value })}
      />
    </>
  )
}
