/**
 * The program of the thread that adds up the file's pages: `dbstat` reads each of them, which takes a second for each gigabyte
 * or so, and the daemon has one thread for all else. On a connection of its own, which can't write.
 */
import { parentPort, workerData } from "node:worker_threads";
import SqliteDatabase from "better-sqlite3";
import type { TableSize } from "../domain/database-size.ts";

const file = new SqliteDatabase(String(workerData), { readonly: true, fileMustExist: true });
const sizes = file
  .prepare<[], TableSize>(
    `select coalesce(tbl_name, space.name) as name, sum(bytes) as bytes
     from (select name, pgsize as bytes from dbstat where aggregate = true) as space
       left join sqlite_schema on sqlite_schema.name = space.name
     group by 1 order by 2 desc, 1`,
  )
  .all();
file.close();
parentPort?.postMessage(sizes, []);
