import type { OfficeSettings, SettingsStore } from "../domain/office-settings.ts";
import { UNSETTLED } from "../domain/office-settings.ts";
import type { Connection } from "./open.ts";

/** A row for each setting that was ever settled. */
export function createSettingsStore(connection: Connection): SettingsStore {
  const { build } = connection;
  return {
    async officeSettings() {
      const rows = connection.all<{ name: string; value_json: string }>(
        build.selectFrom("office_setting").selectAll(),
      );
      const known = rows.filter(({ name }) => Object.hasOwn(UNSETTLED, name));
      const stored = known.map(({ name, value_json }): [string, unknown] => [
        name,
        JSON.parse(value_json),
      ]);
      return { ...UNSETTLED, ...(Object.fromEntries(stored) as Partial<OfficeSettings>) };
    },
    async putOfficeSettings(settings) {
      const rows = Object.entries(settings).map(([name, value]) => ({
        name,
        value_json: JSON.stringify(value),
      }));
      const query = build
        .insertInto("office_setting")
        .values(rows)
        .onConflict((conflict) =>
          conflict
            .column("name")
            .doUpdateSet(({ ref }) => ({ value_json: ref("excluded.value_json") })),
        );
      connection.commit(() => connection.run(query));
    },
  };
}
