import { ENDPOINT_DEFAULTS } from "../domain/endpoint.ts";
import type { Problem } from "../domain/errors.ts";
import { AppError, expected } from "../domain/errors.ts";
import type { EndpointDefaults, OfficeSettings, SettingsStore } from "../domain/office-settings.ts";
import { refuseProblems } from "./problems.ts";
import { EGRESS_ALLOW_MAX } from "./settings.ts";
import { createTurns } from "./turns.ts";

/** All of them, whoever settled each. */
interface SettingsInEffect {
  readonly egressAllow: readonly string[];
  readonly retentionDays: number;
  readonly endpointDefaults: Required<EndpointDefaults>;
}

type GivenDefaults = {
  readonly [Name in keyof EndpointDefaults]?: EndpointDefaults[Name] | undefined;
};

/** What is absent stays as it is; null is the configuration's again, or the defaults that everybody has. */
interface SettingsChange {
  readonly egressAllow?: readonly string[] | undefined;
  readonly retentionDays?: number | null | undefined;
  readonly endpointDefaults?: GivenDefaults | null | undefined;
}

/** The settings that people change while the daemon runs. In effect for whatever begins after the change. */
export interface SettingsDesk {
  read(): SettingsInEffect;
  /** `invalid_request` with all problems; `conflict` for what the configuration settles. */
  change(change: SettingsChange): Promise<SettingsInEffect>;
  /** The configuration's grants, and those that were added here. */
  grants(): readonly string[];
  readonly isRetentionPinned: boolean;
}

export interface SettingsDeskNeeds {
  readonly store: SettingsStore;
  readonly configured: {
    readonly egressAllow: readonly string[];
    readonly retentionDays: number;
    /** Whether somebody wrote it there, so that it is no default. */
    readonly isRetentionPinned: boolean;
  };
  /** One sentence about what is wrong with a grant for every endpoint, or null. */
  checkGrant(text: string): string | null;
  /** Told of all grants after a change of them. */
  onGrants(grants: readonly string[]): void;
}

export async function openSettingsDesk(needs: SettingsDeskNeeds): Promise<SettingsDesk> {
  const { store, configured } = needs;
  const takeTurns = createTurns();
  let settled = await store.officeSettings();

  function read(): SettingsInEffect {
    const { backoff, retry, timeoutMs, concurrencyMax, autoDisableDays } = ENDPOINT_DEFAULTS;
    const usual = { backoff, retry, timeoutMs, concurrencyMax, autoDisableDays };
    const { isRetentionPinned, retentionDays } = configured;
    return {
      egressAllow: settled.egressAllow,
      retentionDays: isRetentionPinned ? retentionDays : (settled.retentionDays ?? retentionDays),
      endpointDefaults: { ...usual, ...settled.endpointDefaults },
    };
  }

  function grants(): readonly string[] {
    return [...configured.egressAllow, ...settled.egressAllow];
  }

  async function change(given: SettingsChange): Promise<SettingsInEffect> {
    if (given.retentionDays !== undefined && configured.isRetentionPinned) throw pinned(configured);
    refuseProblems(grantProblems(needs, given.egressAllow ?? []));
    const before = settled;
    const next = merged(before, given);
    await store.putOfficeSettings(next);
    settled = next;
    if (next.egressAllow !== before.egressAllow) needs.onGrants(grants());
    return read();
  }

  return {
    read,
    grants,
    change: (given) => takeTurns(0, () => change(given)),
    isRetentionPinned: configured.isRetentionPinned,
  };
}

function merged(before: OfficeSettings, given: SettingsChange): OfficeSettings {
  const { egressAllow, retentionDays, endpointDefaults } = given;
  return {
    egressAllow:
      egressAllow === undefined
        ? before.egressAllow
        : [...new Set(egressAllow.map((text) => text.trim()))],
    retentionDays: retentionDays === undefined ? before.retentionDays : retentionDays,
    endpointDefaults:
      endpointDefaults === null ? {} : { ...before.endpointDefaults, ...present(endpointDefaults) },
  };
}

function present(given: GivenDefaults = {}): EndpointDefaults {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function pinned({ retentionDays }: SettingsDeskNeeds["configured"]): AppError {
  const message = `expected retention_days to be changed where it is settled, in the daemon's configuration (${retentionDays} now), got a change of it here`;
  return new AppError("conflict", message, { problems: [{ path: "/retention_days", message }] });
}

function grantProblems(
  { checkGrant }: SettingsDeskNeeds,
  grants: readonly string[],
): readonly Problem[] {
  if (grants.length > EGRESS_ALLOW_MAX) {
    const message = expected("egress_allow", `at most ${EGRESS_ALLOW_MAX} grants`, grants.length);
    return [{ path: "/egress_allow", message }];
  }
  return grants.flatMap((text, index) => {
    const message = checkGrant(text);
    return message === null ? [] : [{ path: `/egress_allow/${index}`, message }];
  });
}
