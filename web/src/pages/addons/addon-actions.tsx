import {
  type AddonView,
  deleteAddon,
  pauseAddon,
  restartAddon,
  resumeAddon,
} from '@fairway/contract/routes/addons'
import { ActionIcon, Button, Menu } from '@mantine/core'
import { modals } from '@mantine/modals'
import { IconDots, IconPlayerPause, IconPlayerPlay, IconRefresh, IconTrash } from '@tabler/icons-react'
import { useNavigate } from '@tanstack/react-router'
import { call } from '../../api/client.ts'
import { queryClient } from '../../api/queries.ts'
import { useAction } from '../../api/use-action.ts'
import { confirmByName } from '../../ui/confirm-by-name.tsx'
import type { AddonParams } from './addon-page.tsx'

type AddonActionsProps = { params: AddonParams; addon: AddonView }

const QUESTIONS = {
  restart: { label: 'Restart', what: 'All its connections end; it is back in a moment.' },
  pause: { label: 'Pause', what: 'It stops and its data stays. Whoever needs it fails until it is resumed.' },
} as const

/** Restart, pause and the end of an addon. For tokens that may write. */
export function AddonActions({ params, addon }: AddonActionsProps) {
  const act = useAction({
    run: (work: () => Promise<unknown>) => work(),
    refresh: ['projects', params.projectId, 'addons'],
  })
  const remove = useDelete(params, addon)
  const ask = (which: keyof typeof QUESTIONS, work: () => Promise<unknown>): void => {
    const { label, what } = QUESTIONS[which]
    modals.openConfirmModal({
      title: `${label} ${addon.name}?`,
      children: what,
      labels: { confirm: label, cancel: 'Cancel' },
      confirmProps: { color: 'red' },
      onConfirm: () => act.mutate(work),
    })
  }
  const isPaused = addon.status === 'paused'
  if (addon.status === 'deleting') return null
  return (
    <>
      {isPaused && (
        <Button
          leftSection={<IconPlayerPlay size={16} />}
          loading={act.isPending}
          onClick={() => act.mutate(() => call(resumeAddon, { params }))}
        >
          Resume
        </Button>
      )}
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="default" size="lg" aria-label="More actions">
            <IconDots size={18} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {!isPaused && (
            <>
              <Menu.Item
                leftSection={<IconRefresh size={16} />}
                onClick={() => ask('restart', () => call(restartAddon, { params }))}
              >
                Restart
              </Menu.Item>
              <Menu.Item
                leftSection={<IconPlayerPause size={16} />}
                onClick={() => ask('pause', () => call(pauseAddon, { params }))}
              >
                Pause
              </Menu.Item>
            </>
          )}
          <Menu.Item c="var(--mantine-color-error)" leftSection={<IconTrash size={16} />} onClick={remove}>
            Delete
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </>
  )
}

function useDelete(params: AddonParams, { name }: AddonView): () => void {
  const navigate = useNavigate()
  const remove = useAction({
    run: () => call(deleteAddon, { params, query: {} }),
    done: `The addon "${name}" is being deleted.`,
    // Away first: what is read again here is not there any more.
    after: () =>
      void navigate({ to: `/projects/${params.projectId}` }).then(() =>
        queryClient.invalidateQueries({ queryKey: ['projects', params.projectId] }),
      ),
  })
  return () =>
    confirmByName({
      title: `Delete ${name}`,
      what: 'Its data and all its backups are gone for good, and whoever needs it fails.',
      name,
      onConfirm: () => remove.mutate(),
    })
}
