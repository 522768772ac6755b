import { useSyncExternalStore } from 'react'

/** The token this browser signed in with; kept until it signs out. */
const KEY = 'fairway.token'
const listeners = new Set<() => void>()

export const currentToken = (): string | undefined => localStorage.getItem(KEY) ?? undefined

export function signIn(token: string): void {
  localStorage.setItem(KEY, token)
  tellAll()
}

export function signOut(): void {
  localStorage.removeItem(KEY)
  tellAll()
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
