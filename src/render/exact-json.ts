export { exactInteger, isExactInteger, parseExact } from "../model/exact-json.ts";
