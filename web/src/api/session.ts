import { useSyncExternalStore } from 'react'

/** The token this browser signed in with; kept until it signs out. */
const KEY = 'fairway.token'
const listeners = new Set<() => void>()
let refused = false

export const currentToken = (): string | undefined => localStorage.getItem(KEY) ?? undefined

/** Whether the last session ended because the server did not take its token any more. */
export const wasRefused = (): boolean => refused

export function signIn(token: string): void {
  refused = false
  localStorage.setItem(KEY, token)
  tellAll()
}

export function signOut(): void {
  refused = false
  localStorage.removeItem(KEY)
  tellAll()
}

/** The token is not valid any more: it expired, or it was revoked. */
export function signOutRefused(): void {
  if (currentToken() === undefined) return
  signOut()
  refused = true
}

function tellAll(): void {
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  // Signed out in another tab.
  window.addEventListener('storage', listener)
  return () => {
    listeners.delete(listener)
    window.removeEventListener('storage', listener)
  }
}

export const useToken = (): string | undefined => useSyncExternalStore(subscribe, currentToken)
