import { NavLink } from '@mantine/core'
import { Link, useLocation } from '@tanstack/react-router'

const PLACES = [
  ['templates', 'Templates'],
  ['domains', 'Domains'],
  ['git-accounts', 'Git accounts'],
  ['notifications', 'Notifications'],
  ['registries', 'Registries'],
  ['tags', 'Tags'],
  ['backup-destinations', 'Backup destinations'],
  ['tokens', 'Tokens'],
] as const

/** What all projects share. */
export function TeamNavigation() {
  const { pathname } = useLocation()
  const isHere = pathname === '/' || pathname.startsWith('/team/')
  return (
    <NavLink
      key={String(isHere)}
      label="Team"
      defaultOpened={isHere}
      childrenOffset={12}
      component="button"
      type="button"
    >
      {PLACES.map(([folder, label]) => {
        const active = pathname === `/team/${folder}` || pathname.startsWith(`/team/${folder}/`)
        return (
          <NavLink
            key={folder}
            component={Link}
            to={`/team/${folder}`}
            label={label}
            active={active}
            aria-current={active ? 'page' : undefined}
          />
        )
      })}
    </NavLink>
  )
}
