import { ActionIcon, Group, Tooltip, useComputedColorScheme, useMantineColorScheme } from '@mantine/core'
import { IconLogout, IconMoon, IconSun } from '@tabler/icons-react'
import { queryClient } from '../api/queries.ts'
import { signOut } from '../api/session.ts'

export function AccountMenu() {
  const { setColorScheme } = useMantineColorScheme()
  const dark = useComputedColorScheme('light') === 'dark'
  return (
    <Group gap="xs" wrap="nowrap">
      <Tooltip label={dark ? 'Light' : 'Dark'}>
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label={dark ? 'Use light colours' : 'Use dark colours'}
          onClick={() => setColorScheme(dark ? 'light' : 'dark')}
        >
          {dark ? <IconSun size={18} /> : <IconMoon size={18} />}
        </ActionIcon>
      </Tooltip>
      <Tooltip label="Sign out">
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label="Sign out"
          onClick={() => {
            queryClient.clear()
            signOut()
          }}
        >
          <IconLogout size={18} />
        </ActionIcon>
      </Tooltip>
    </Group>
  )
}
