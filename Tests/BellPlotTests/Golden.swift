/// Drawings as they were looked at and found right.
enum Golden {
    static let braille = """
        Rabi by amplitude, alice
        P(1)
        1.0 ┤             ┊        ⣦ ⡀⢀ ⣀⡀
            │             ┊     ⠠ ⠁⠁    ⠘⠉ ⠄ ⢀⡀
            │             ┊  ⠠⡟⠁            ⠈⠸⠅
        0.5 ┤┄┄┄┄┄┄┄┄┄┄┄┄⡀⠠┄⠁┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄⠈┄⡀┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄
            │          ⢀ ⠟┊                       ⢰⠆
            │         ⠄   ┊                         ⠁⠠ ⢀⡀         ⣀
            │ ⢠⡄⡀⢀ ⢺⠋     ┊                            ⠹⠡ ⡀⢀ ⣀⢀ ⠄⠐⠋
        0.0 ┤ ⠈           ┊                                  ⠏
            └──┬─────────┬─────────┬─────────┬─────────┬─────────┬──
              0.0       0.2       0.4       0.6       0.8       1.0
                     amplitude (fraction of full scale)
        ⠶ measured   ⠒⠒ fit   ┊ half π (x = 0.2244)
        ┄ half (y = 0.5)

        """

    static let ascii = """
        Rabi by amplitude, alice
        P(1)
        1.0 +             :        |
            |             :     ***o****o***
            |             : **o*            *o*
        0.5 +------------|**-------------------***------------------
            |          **o:                       o*
            |       |**   :                         ***o         o
            |  o****o     :                            |****o****|
        0.0 +             :                                 |
            +--+---------+---------+---------+---------+---------+--
              0.0       0.2       0.4       0.6       0.8       1.0
                     amplitude (fraction of full scale)
        o measured   * fit   : half π (x = 0.2244)
        - half (y = 0.5)

        """

    static let svg = #"""
        <rect class="paper" width="100%" height="100%"/>
        <g transform="translate(0 0)">
        <text x="72.0" y="20.0" class="title">a &lt; b</text>
        <line class="grid" x1="76.2" y1="34.0" x2="76.2" y2="110.0"/>
        <text x="76.2" y="127.0" text-anchor="middle">0.0</text>
        <line class="grid" x1="147.0" y1="34.0" x2="147.0" y2="110.0"/>
        <text x="147.0" y="127.0" text-anchor="middle">0.5</text>
        <line class="grid" x1="217.8" y1="34.0" x2="217.8" y2="110.0"/>
        <text x="217.8" y="127.0" text-anchor="middle">1.0</text>
        <line class="grid" x1="72.0" y1="92.7" x2="222.0" y2="92.7"/>
        <text x="65.0" y="96.7" text-anchor="end">0</text>
        <line class="grid" x1="72.0" y1="65.1" x2="222.0" y2="65.1"/>
        <text x="65.0" y="69.1" text-anchor="end">1</text>
        <line class="grid" x1="72.0" y1="37.5" x2="222.0" y2="37.5"/>
        <text x="65.0" y="41.5" text-anchor="end">2</text>
        <rect class="wall" x="72.0" y="34.0" width="150.0" height="76.0"/>
        <text x="147.0" y="147.0" text-anchor="middle">x</text>
        <text x="16.0" y="72.0" text-anchor="middle" transform="rotate(-90 16 72.0)">y</text>
        <g class="c0">
        <line class="bar" x1="76.2" y1="106.5" x2="76.2" y2="78.9"/>
        <circle class="dot" cx="76.2" cy="92.7" r="2.6"/>
        <circle class="dot" cx="217.8" cy="37.5" r="2.6"/>
        </g>
        <circle class="dot c0" cx="82.0" cy="164.0" r="3"/>
        <text x="98.0" y="168.0">s</text>
        </g>
        </svg>

        """#
}
