import { AppShell, Burger, Group, NavLink, ScrollArea, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { Link, Outlet, useLocation, useNavigate, useParams } from '@tanstack/react-router'
import { useEffect } from 'react'
import { useLiveQueries } from '../api/live.ts'
import { useToken } from '../api/session.ts'
import { AccountMenu } from './account-menu.tsx'
import { ConnectionNotice } from './connection-notice.tsx'
import { ProjectNavigation } from './project-navigation.tsx'
import { TeamNavigation } from './team-navigation.tsx'

/** The frame of every page: where one is, and what is live. */
export function Shell() {
  useLiveQueries()
  useSignedIn()
  const [opened, { toggle, close }] = useDisclosure()
  const { projectId } = useParams({ strict: false }) as { projectId?: string }
  const { pathname } = useLocation()
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page closes the menu of small screens.
  useEffect(close, [pathname])
  return (
    <AppShell
      header={{ height: 52 }}
      navbar={{ width: 230, breakpoint: 'sm', collapsed: { mobile: !opened } }}
      padding="md"
    >
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger opened={opened} onClick={toggle} hiddenFrom="sm" size="sm" aria-label="Navigation" />
            <Text component={Link} to="/" fw={750} size="lg" c="inherit" td="none">
              Fairway
            </Text>
            {projectId !== undefined && (
              <Text component={Link} to={`/projects/${projectId}`} c="dimmed" size="sm" truncate>
                {projectId}
              </Text>
            )}
          </Group>
          <AccountMenu />
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs">
        <ScrollArea>
          <NavLink component={Link} to="/" label="Projects" active={pathname === '/'} />
          {projectId !== undefined && <ProjectNavigation projectId={projectId} />}
          <TeamNavigation />
        </ScrollArea>
      </AppShell.Navbar>
      <AppShell.Main>
        <ConnectionNotice />
        <Outlet />
      </AppShell.Main>
    </AppShell>
  )
}

/** Signing out anywhere, or a token that was revoked, leads to the sign-in. */
function useSignedIn(): void {
  const token = useToken()
  const navigate = useNavigate()
  useEffect(() => {
    const { pathname, search } = window.location
    if (token === undefined) void navigate({ to: '/sign-in', search: { from: pathname + search } })
  }, [token, navigate])
}
