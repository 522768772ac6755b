import type { BackupSchedule } from '@fairway/contract/resources/addon'
import { backupSchedule } from '@fairway/contract/resources/addon'
import { patchAddon } from '@fairway/contract/routes/addons'
import { createSchedule, deleteSchedule, listSchedules } from '@fairway/contract/routes/backups'
import { Button, Group, Modal, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
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
import { FormPanel } from '../../ui/form-panel.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import type { AddonParams } from './addon-page.tsx'
import { SCHEDULE_FIELDS, ScheduleFields } from './schedule-fields.tsx'
import { whenWords } from './when-words.ts'

export type ScheduleBody = z.input<typeof backupSchedule>
type Schedule = { id: string; spec: BackupSchedule; nextAt: string | null }

const START: ScheduleBody = {
  scheduling: { interval: 'daily', hour: [3], minute: [0] },
  retentionTime: 7,
}

/** When an addon is backed up by itself. */
export function SchedulesTab({ params }: { params: AddonParams }) {
  const query = useQuery({
    ...read(listSchedules, { params, query: WHOLE_LIST }),
    // The time of a new one is worked out a moment later, without an event.
    refetchInterval: ({ state: { data } }) =>
      data?.backupSchedules.some(({ nextAt }) => nextAt === null) ? 1_000 : false,
  })
  const mayWrite = useMay('write')
  return (
    <Stack>
      {mayWrite && (
        <Group justify="flex-end">
          <AddSchedule params={params} />
        </Group>
      )}
      <Loaded query={query}>
        {({ backupSchedules }) => <Schedules params={params} schedules={backupSchedules as Schedule[]} />}
      </Loaded>
    </Stack>
  )
}

const refreshed = (params: AddonParams): Promise<void> =>
  queryClient.invalidateQueries({ queryKey: ['projects', params.projectId, 'addons', params.addonId] })

function AddSchedule({ params }: { params: AddonParams }) {
  return (
    <DialogButton
      label="New schedule"
      action="Create"
      schema={backupSchedule}
      initial={START}
      fields={SCHEDULE_FIELDS}
      run={async (body) => {
        await call(createSchedule, { params, body })
        await refreshed(params)
      }}
    >
      {(form) => <ScheduleFields {...form} />}
    </DialogButton>
  )
}

function Schedules({ params, schedules }: { params: AddonParams; schedules: readonly Schedule[] }) {
  const [editedId, edit] = useState<string>()
  const mayWrite = useMay('write')
  const edited = schedules.find(({ id }) => id === editedId)
  if (schedules.length === 0)
    return (
      <Empty title="No schedule yet">
        It is backed up only when someone, or a release, asks for it. A schedule does it by itself.
      </Empty>
    )
  return (
    <>
      <DataTable
        head={['When', 'Kind', 'Kept', 'Next', '']}
        minWidth={860}
        rows={schedules.map((schedule) => ({
          key: schedule.id,
          cells: [
            ...cellsOf(schedule),
            mayWrite && (
              <Group key="actions" gap="xs" wrap="nowrap" justify="flex-end">
                <Button
                  size="xs"
                  variant="default"
                  onClick={() => edit(schedule.id)}
                  aria-label={`Change the schedule: ${whenWords(schedule.spec.scheduling)}`}
                >
                  Change
                </Button>
                <DeleteSchedule params={params} schedule={schedule} />
              </Group>
            ),
          ],
        }))}
      />
      {edited !== undefined && (
        <ChangeSchedule
          params={params}
          schedules={schedules}
          edited={edited}
          onClose={() => edit(undefined)}
        />
      )}
    </>
  )
}

const cellsOf = ({ spec, nextAt }: Schedule) => [
  whenWords(spec.scheduling),
  spec.backupType,
  `${spec.retentionTime} ${spec.retentionTime === 1 ? 'day' : 'days'}`,
  nextAt === null ? <Text key="next">…</Text> : <Ago key="next" at={nextAt} />,
]

const nameOf = ({ scheduling, backupType }: BackupSchedule): string => `${scheduling.interval} ${backupType}`

function DeleteSchedule({ params, schedule }: { params: AddonParams; schedule: Schedule }) {
  return (
    <DeleteButton
      kind="schedule"
      name={nameOf(schedule.spec)}
      what="No more backups are made by it. Those it made stay until they expire."
      run={() => call(deleteSchedule, { params: { ...params, scheduleId: schedule.id } })}
      refresh={['projects', params.projectId, 'addons', params.addonId]}
    />
  )
}

type ChangeProps = {
  params: AddonParams
  schedules: readonly Schedule[]
  edited: Schedule
  onClose: () => void
}

/** The API takes all schedules at once; those that stay as they are are kept. */
function ChangeSchedule({ params, schedules, edited, onClose }: ChangeProps) {
  return (
    <Modal opened onClose={onClose} title="Change the schedule" size="lg">
      <FormPanel
        schema={backupSchedule}
        initial={edited.spec}
        action="Save"
        align="flex-end"
        aside={{ label: 'Cancel', act: onClose }}
        fields={SCHEDULE_FIELDS}
        onDone={onClose}
        run={async (body) => {
          const backupSchedules = schedules.map(({ id, spec }) => (id === edited.id ? body : spec))
          await call(patchAddon, { params, body: { backupSchedules } })
          await refreshed(params)
        }}
      >
        {(form) => <ScheduleFields {...form} />}
      </FormPanel>
    </Modal>
  )
}
