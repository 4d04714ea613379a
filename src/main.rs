fn main() -> std::process::ExitCode {
    pimbridge::cli::main()
}
