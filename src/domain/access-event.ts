import type { PrincipalKind } from './principal.js';
import type { Tenant } from './tenant.js';

/** Where a request came from. */
export interface AccessContext {
  readonly requestId: string;
  /** Of the caller; `cli` for commands on the machine itself. */
  readonly address: string;
  /** What the caller calls its program: shown, trusted for nothing. 255 characters at most; null for commands. */
  readonly userAgent: string | null;
  /** Of the caller, or named by whoever signs in; null where tenancy is off, and where nobody is known yet. */
  readonly tenant: Tenant;
}

/** Whom an event is about, and where the request came from: the part that every event of somebody has. */
export function describeSubject(
  { subject, kind }: { readonly subject: string; readonly kind: PrincipalKind },
  { requestId, address, userAgent, tenant }: AccessContext,
): AccessContext & { readonly subject: string; readonly kind: PrincipalKind } {
  return { requestId, address, userAgent, tenant, subject, kind };
}

/** How somebody proves who they are. */
export type SignInMethod = 'password' | 'oidc' | 'saml';

/**
 * What identify reports: attempts to sign in, and what becomes of sessions, second factors, keys, tokens of
 * widgets, accounts and groups; and what becomes of saved reports. Holds no password, token, code, seed or key, and identifiers only masked.
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
        readonly event: 'history';
        /** Whose questions they are. */
        readonly subject: string;
        readonly kind: PrincipalKind;
        /** What was removed: one conversation, all of them, or all questions. Which questions stays in their own records. */
        readonly action: 'remove-conversation' | 'remove-conversations' | 'remove-all';
        readonly decision: 'accepted' | 'refused';
        readonly code: string | null;
      }
    | {
        readonly event: 'password';
        /** Whose password it is; null where nobody is known by that identifier or link. */
        readonly subject: string | null;
        readonly kind: PrincipalKind | null;
        /**
         * `request`: a link for a forgotten one was asked for; refused where none goes out, with the reason as `code`.
         * `mail`: a link could not be sent. `reset`: a new one by such a link.
         */
        readonly action: 'change' | 'request' | 'mail' | 'reset';
        readonly decision: 'accepted' | 'refused';
        readonly code: string | null;
      }
    | {
        readonly event: 'invitation';
        /** Who is invited; null where nobody is known by that link. */
        readonly subject: string | null;
        readonly kind: PrincipalKind | null;
        /** `mail`: the link could not be sent. `accept`: the first password by such a link. */
        readonly action: 'mail' | 'accept';
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
        /** Of the pages that use its tokens; empty where it makes none, or none was made. */
        readonly origins: readonly string[];
        readonly decision: 'accepted' | 'refused';
        readonly code: string | null;
      }
    | {
        readonly event: 'widget-token';
        /** Whose key the site's server asked with. */
        readonly subject: string;
        readonly kind: PrincipalKind;
        /** The part of the key that is shown; null where no such key asked. */
        readonly key: string | null;
        /** The customer whom the token is for; null where none was made. */
        readonly target: string | null;
        /** Where it may be sent from; empty where none was made. */
        readonly origins: readonly string[];
        readonly decision: 'accepted' | 'refused';
        readonly code: string | null;
      }
    | {
        readonly event: 'account';
        /** Who did it. */
        readonly subject: string;
        readonly kind: PrincipalKind;
        /** `reset-password`: a link for a new password was made. */
        readonly action: 'create' | 'invite' | 'change' | 'reset-password' | 'export' | 'erase';
        /** Whose account it is; null where none was made. */
        readonly target: string | null;
        /** What was there and what is there now, of the fields that changed, identifiers masked; null where there is none. */
        readonly before: Readonly<Record<string, unknown>> | null;
        readonly after: Readonly<Record<string, unknown>> | null;
        readonly decision: 'accepted' | 'refused';
        readonly code: string | null;
      }
    | {
        readonly event: 'group';
        /** Who did it. */
        readonly subject: string;
        readonly kind: PrincipalKind;
        readonly action: 'create' | 'change' | 'remove' | 'join' | 'leave';
        /** `group:3`; null where none was made. */
        readonly group: string | null;
        /** Who joined or left; null for the rest. */
        readonly member: string | null;
        /**
         * What was there and what is there now, of the fields that changed; where somebody joins or leaves, all tables
         * that they may read. Null where there is none.
         */
        readonly before: Readonly<Record<string, unknown>> | null;
        readonly after: Readonly<Record<string, unknown>> | null;
        readonly decision: 'accepted' | 'refused';
        readonly code: string | null;
      }
    | {
        readonly event: 'report';
        /** Who did it. */
        readonly subject: string;
        readonly kind: PrincipalKind;
        /** `share`: a change of who may run it, perhaps with others. Runs are records of their own, which name the report. */
        readonly action: 'save' | 'change' | 'share' | 'remove';
        /** Its id; null where none was saved. */
        readonly report: string | null;
        /** To whom it is shared after that; null where nothing came of it, and where that is not changed. */
        readonly sharedWith: readonly string[] | null;
        readonly decision: 'accepted' | 'refused';
        readonly code: string | null;
      }
    | {
        readonly event: 'verified';
        /** Who did it. */
        readonly subject: string;
        readonly kind: PrincipalKind;
        readonly action: 'promote' | 'retire';
        /** `verified:3`; null where none was made. */
        readonly verified: string | null;
        /** `sha256:…` of the SQL; null where none is known. */
        readonly sqlDigest: string | null;
        /** Whom it is opened to, as a policy file says it; empty where that is not known. */
        readonly openTo: readonly string[];
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
