import { login } from '@fairway/contract/routes/team'
import { useQuery } from '@tanstack/react-query'
import { read } from './queries.ts'

const RANK = { read: 0, write: 1, admin: 2 }
type Permission = keyof typeof RANK

/** Whether the token of this browser may do what needs `needed`. Until that is known: no. */
export function useMay(needed: Permission): boolean {
  const { data } = useQuery(read(login))
  const own = data?.permission
  return typeof own === 'string' && own in RANK && RANK[own as Permission] >= RANK[needed]
}
