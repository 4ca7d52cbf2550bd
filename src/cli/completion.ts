/** `tessera completion bash`: a script that completes commands, options and their values. */
import { Argument, Command } from "commander";
import { SHELLS } from "./completion/scripts.js";
import { wordsOf } from "./completion/words.js";
import type { Context } from "./context.js";
import { print } from "./streams.js";

export const completionCommand = (_: Context): Command =>
  new Command("completion")
    .description("print a script that completes commands, options and values in a shell")
    .addArgument(new Argument("<shell>", "which one").choices(Object.keys(SHELLS)))
    .addHelpText(
      "after",
      `
Examples:
  $ echo 'eval "$(tessera completion bash)"' >> ~/.bashrc
  $ echo 'eval "$(tessera completion zsh)"' >> ~/.zshrc
  $ tessera completion fish > ~/.config/fish/completions/tessera.fish`,
    )
    .action((shell: keyof typeof SHELLS, _options: object, command: Command) => {
      print(SHELLS[shell](wordsOf(command.parent!)));
    });
