import { backupType, compressionType } from '@fairway/contract/resources/addon'
import { listBackupDestinations } from '@fairway/contract/routes/backup-destinations'
import { Select } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { read } from '../../api/queries.ts'
import { WHOLE_LIST } from '../../api/whole-list.ts'

type Backup = {
  backupType?: (typeof backupType.options)[number] | undefined
  compressionType?: (typeof compressionType.options)[number] | undefined
  customDestinationId?: string | undefined
}

type BackupFieldsProps = {
  value: Backup
  set(change: Backup): void
  problem(field: string): string | undefined
}

const TYPES = [
  { value: 'snapshot', label: 'Snapshot: the files of the server' },
  { value: 'dump', label: 'Dump: what the database holds, for other versions, too' },
]
const COMPRESSIONS = [
  { value: 'gz', label: 'gzip' },
  { value: 'zstd', label: 'zstd' },
  { value: 'none', label: 'None' },
]
const HERE = ''

/** How a backup is made, and where it goes. */
export function BackupFields({ value, set, problem }: BackupFieldsProps) {
  const destinations = useQuery(read(listBackupDestinations, { query: WHOLE_LIST }))
  return (
    <>
      <Select
        label="Kind"
        allowDeselect={false}
        data={TYPES}
        value={value.backupType ?? 'snapshot'}
        error={problem('backupType')}
        onChange={(type) => set({ backupType: backupType.options.find((one) => one === type) })}
      />
      <Select
        label="Compression"
        allowDeselect={false}
        data={COMPRESSIONS}
        value={value.compressionType ?? 'gz'}
        error={problem('compressionType')}
        onChange={(kind) => set({ compressionType: compressionType.options.find((one) => one === kind) })}
      />
      <Select
        label="Where it goes"
        allowDeselect={false}
        data={[
          { value: HERE, label: 'The data folder of this Fairway' },
          ...(destinations.data?.backupDestinations ?? []).map(({ id, name }) => ({
            value: id,
            label: name,
          })),
        ]}
        value={value.customDestinationId ?? HERE}
        error={problem('customDestinationId')}
        onChange={(id) => set({ customDestinationId: id || undefined })}
      />
    </>
  )
}
