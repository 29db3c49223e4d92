import Foundation

/// A running program, in a process group of its own, both its outputs on one pipe.
///
/// Not Foundation's `Process`: on Linux that starts children with SIGTERM blocked (swift-corelibs-foundation#4772)
/// and does not notice an exit while a grandchild lives (#4795); and nowhere does it end grandchildren.
struct ChildProcess {
    private enum Stop {
        case timeout, outputLimit, cancellation
    }

    /// How long a grandchild may hold the output of a program open that has itself exited.
    private static let drain = Duration.milliseconds(100)
    /// How long the end of a killed program is awaited: one that hangs in the kernel cannot be killed.
    private static let surrender = Duration.seconds(2)
    private static let environment = [
        "HOME=\(NSHomeDirectory())", "LC_ALL=C", "PATH=/usr/bin:/bin:/usr/sbin:/sbin",
    ]

    private let process: pid_t
    private let pipe: Int32

    init(starting invocation: Invocation) throws(ProgramError) {
        var ends: [Int32] = [-1, -1]
        guard Foundation.pipe(&ends) == 0 else { throw Self.failure(errno, of: invocation) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        var child: pid_t = 0
        let code = Self.spawn(invocation, output: ends[1], child: &child)
        close(ends[1])
        guard code == 0 else {
            close(ends[0])
            throw Self.failure(code, of: invocation)
        }
        process = child
        pipe = ends[0]
    }

    /// Blocks its thread until the program has ended or has been ended. To be called once.
    func output(within limits: ProcessLimits, isCancelled: () -> Bool) throws(CancellationError) -> ProgramOutput {
        let clock = ContinuousClock()
        let deadline = clock.now + limits.timeout
        var buffer = OutputBuffer(limits.output)
        var isOpen = true
        var exit: (status: Int32, at: ContinuousClock.Instant)?
        var stop: (reason: Stop, at: ContinuousClock.Instant)?

        while true {
            if isOpen { isOpen = read(into: &buffer) }
            let now = clock.now
            if exit == nil, let status = reap() {
                exit = (status, now)
                // What it started does not outlive a program we ended.
                if stop != nil { signal(SIGKILL) }
            }
            if let exit {
                if !isOpen || now - exit.at > Self.drain { break }
            } else if let stop {
                if now - stop.at > limits.grace { signal(SIGKILL) }
                if now - stop.at > limits.grace + Self.surrender {
                    reapLater()
                    break
                }
            } else if let reason = reasonToStop(isCancelled(), now >= deadline, buffer.isFull) {
                stop = (reason, now)
                signal(SIGTERM)
            }
            waitForNews(isOpen: isOpen)
        }
        close(pipe)

        let ending: ProgramOutput.Ending
        switch stop?.reason {
        case .cancellation: throw CancellationError()
        case .timeout: ending = .timedOut
        case .outputLimit: ending = .outputLimit
        case nil: ending = Self.ending(exit?.status ?? 0)
        }
        return ProgramOutput(text: buffer.text(), ending: ending, isCut: buffer.isCut)
    }

    private func reasonToStop(_ isCancelled: Bool, _ isLate: Bool, _ isFull: Bool) -> Stop? {
        if isCancelled { return .cancellation }
        if isLate { return .timeout }
        return isFull ? .outputLimit : nil
    }

    private func signal(_ number: Int32) {
        _ = kill(-process, number)
    }

    /// The exit status, once there is one.
    private func reap() -> Int32? {
        var status: Int32 = 0
        return waitpid(process, &status, WNOHANG) == 0 ? nil : status
    }

    private func reapLater() {
        let process = process
        Thread.detachNewThread {
            var status: Int32 = 0
            _ = waitpid(process, &status, 0)
        }
    }

    /// Reads what is there, a bounded amount; false when the other end is closed.
    private func read(into buffer: inout OutputBuffer) -> Bool {
        withUnsafeTemporaryAllocation(byteCount: 16 * 1024, alignment: 1) { chunk in
            for _ in 0..<16 {
                let count = Foundation.read(pipe, chunk.baseAddress, chunk.count)
                if count > 0 {
                    buffer.append(UnsafeRawBufferPointer(rebasing: chunk.prefix(count)))
                } else {
                    return count < 0 && (errno == EAGAIN || errno == EINTR)
                }
            }
            return true
        }
    }

    /// An exit is no news to `poll`, so it only ever waits a moment.
    private func waitForNews(isOpen: Bool) {
        if isOpen {
            var news = pollfd(fd: pipe, events: Int16(POLLIN), revents: 0)
            _ = poll(&news, 1, 20)
        } else {
            usleep(2_000)
        }
    }

    private static func spawn(_ invocation: Invocation, output: Int32, child: inout pid_t) -> Int32 {
        #if canImport(Darwin)
            var attributes: posix_spawnattr_t? = nil
            var actions: posix_spawn_file_actions_t? = nil
        #else
            var attributes = posix_spawnattr_t()
            var actions = posix_spawn_file_actions_t()
        #endif
        posix_spawnattr_init(&attributes)
        posix_spawn_file_actions_init(&actions)
        defer {
            posix_spawnattr_destroy(&attributes)
            posix_spawn_file_actions_destroy(&actions)
        }

        // Nothing is inherited: no blocked or ignored signal, no open file, no variable, no input.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var usual = sigset_t()
        sigemptyset(&usual)
        for number in [SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGALRM, SIGTERM, SIGCHLD] { sigaddset(&usual, number) }
        posix_spawnattr_setsigdefault(&attributes, &usual)
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETSIGDEF) | Int32(POSIX_SPAWN_SETPGROUP)
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO)
        #if canImport(Darwin)
            posix_spawnattr_setflags(&attributes, Int16(flags | Int32(POSIX_SPAWN_CLOEXEC_DEFAULT)))
        #else
            posix_spawnattr_setflags(&attributes, Int16(flags))
            posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1)
        #endif

        let arguments = ([invocation.executable] + invocation.arguments).map { strdup($0) }
        let variables = environment.map { strdup($0) }
        defer { for string in arguments + variables { free(string) } }
        return posix_spawn(&child, invocation.executable, &actions, &attributes, arguments + [nil], variables + [nil])
    }

    private static func failure(_ code: Int32, of invocation: Invocation) -> ProgramError {
        code == ENOENT
            ? .missing(path: invocation.executable)
            : .notStarted(path: invocation.executable, reason: String(cString: strerror(code)))
    }

    private static func ending(_ status: Int32) -> ProgramOutput.Ending {
        let signal = status & 0x7f
        return signal == 0 ? .exited((status >> 8) & 0xff) : .signalled(signal)
    }
}
