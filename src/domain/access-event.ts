import type { PrincipalKind } from './principal.js';

/** Where a request came from. */
export interface AccessContext {
  readonly requestId: string;
  /** Of the caller. */
  readonly address: string;
}

/** How somebody proves who they are. */
export type SignInMethod = 'password' | 'oidc' | 'saml';

/**
 * What identify reports: attempts to sign in, and what becomes of sessions, second factors, keys and accounts. Holds no
 * password, token, code, seed or key, and identifiers only masked.
 */
export type AccessEvent = AccessContext &
  (
    | {
        readonly event: 'login';
        /** Null where nobody is known by that identifier: what was typed there may be a password. */
        readonly subject: string | null;
        readonly kind: PrincipalKind;
        readonly method: SignInMethod;
        /** Name of the provider of single sign-on; null for a password. */
        readonly provider: string | null;
        readonly decision: 'accepted' | 'refused';
        readonly code: string | null;
      }
    | {
        readonly event: 'session';
        /** Null where the refresh token is unknown. */
        readonly subject: string | null;
        readonly kind: PrincipalKind | null;
        /**
         * `reuse`: a refresh token came a second time, so the session was ended. `end` and `end-all`: an account ended
         * one of its own sessions, or all of them.
         */
        readonly action: 'refresh' | 'logout' | 'reuse' | 'end' | 'end-all';
        readonly decision: 'accepted' | 'refused';
        readonly code: string | null;
      }
    | {
        readonly event: 'password';
        /** Whose password it is. */
        readonly subject: string;
        readonly kind: PrincipalKind;
        readonly action: 'change';
        readonly decision: 'accepted' | 'refused';
        readonly code: string | null;
      }
    | {
        readonly event: 'api-key';
        /** Whose key it is. */
        readonly subject: string;
        readonly kind: PrincipalKind;
        readonly action: 'create' | 'revoke';
        /** The part of the key that is shown; null where none was made or found. */
        readonly key: string | null;
        readonly scopes: readonly string[];
        readonly decision: 'accepted' | 'refused';
        readonly code: string | null;
      }
    | {
        readonly event: 'account';
        /** Who did it. */
        readonly subject: string;
        readonly kind: PrincipalKind;
        readonly action: 'create' | 'change' | 'export' | 'erase';
        /** Whose account it is; null where none was made. */
        readonly target: string | null;
        /** What was there and what is there now, of the fields that changed, identifiers masked; null where there is none. */
        readonly before: Readonly<Record<string, unknown>> | null;
        readonly after: Readonly<Record<string, unknown>> | null;
        readonly decision: 'accepted' | 'refused';
        readonly code: string | null;
      }
    | {
        readonly event: 'single-sign-on';
        /** Null where the provider's answer names nobody who may come in. */
        readonly subject: string | null;
        readonly kind: PrincipalKind;
        readonly method: SignInMethod;
        /** Name of the provider. */
        readonly provider: string;
        /** `answer`: what the provider said of somebody; `logout`: that somebody's sessions have ended there. */
        readonly action: 'answer' | 'logout';
        /** Whether the account was known to the provider's subject before, found by its e-mail address, or made. */
        readonly account: 'known' | 'linked' | 'created' | null;
        /** What the provider's word changed of the account, the fields alone that did; null where nothing. */
        readonly before: Readonly<Record<string, unknown>> | null;
        readonly after: Readonly<Record<string, unknown>> | null;
        readonly decision: 'accepted' | 'refused';
        readonly code: string | null;
      }
    | {
        readonly event: 'second-factor';
        readonly subject: string;
        readonly kind: PrincipalKind;
        /** `verify`: a code that came with a sign-in. */
        readonly action: 'enrol' | 'confirm' | 'verify' | 'remove' | 'recovery-codes';
        readonly decision: 'accepted' | 'refused';
        readonly code: string | null;
      }
  );
