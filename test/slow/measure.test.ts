import { measuresIn } from "../contracts/measured.ts";
import { removeFoldersAfterEach } from "../support/folders.ts";

removeFoldersAfterEach();

measuresIn("scpi");
